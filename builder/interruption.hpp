// SPDX-License-Identifier: Apache-2.0
// Ctrl+C and SIGTERM: asked for at safe points, so that every destructor runs and nothing
// half-made stays behind.
#pragma once

#include "base/error.hpp"
#include "base/progress.hpp"

#include <string>

namespace quoin {

/// From here on SIGINT, SIGTERM and SIGHUP only leave a mark, and a file that grows beyond the
/// limit of the process (RLIMIT_FSIZE) is an error like a full disk. Called once, by main.
void catch_interruptions();

/// Throws Error(cancelled) when the mark is there.
void check_interruption();

/// Runs `body`. What fails in it for Ctrl+C, as a program does that was told to end, is no failure
/// of its own: it leaves as Error(cancelled).
template <typename Body>
auto interruptible(Body&& body) -> decltype(body()) {
    try {
        return body();
    } catch (const Error&) {
        check_interruption();
        throw;
    }
}

/// A progress line that is also a safe point: its observer throws Error(cancelled) when the user
/// has had enough.
class StageProgress {
  public:
    explicit StageProgress(const std::string& label);
    [[nodiscard]] ProgressObserver observer();
    void finish() { line_.finish(); }

  private:
    ProgressLine line_;
};

} // namespace quoin
