// SPDX-License-Identifier: Apache-2.0
// Ctrl+C and SIGTERM while something long is under way: an orderly end instead of a sudden one.
#pragma once

#include <signal.h>

namespace quoin {

/// As long as it lives SIGINT and SIGTERM only raise a flag; afterwards they do what they did
/// before. At most one at a time.
class CancelOnSignal {
  public:
    CancelOnSignal();
    ~CancelOnSignal();
    CancelOnSignal(const CancelOnSignal&) = delete;
    CancelOnSignal& operator=(const CancelOnSignal&) = delete;

    [[nodiscard]] bool requested() const;
    /// Throws Error(cancelled) once a signal came.
    void check() const;

  private:
    struct sigaction interrupt_ {};
    struct sigaction terminate_ {};
};

} // namespace quoin
