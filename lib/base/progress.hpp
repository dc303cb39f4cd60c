// SPDX-License-Identifier: Apache-2.0
// How long work reports itself. Libraries call an observer; only the programs draw.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace quoin {

/// Called with the work done so far and the whole, in bytes; whole is 0 while unknown.
using ProgressObserver = std::function<void(std::uint64_t done, std::uint64_t whole)>;

/// Draws "writing slot b  42 %  12.1 MiB/s  3 s left" on standard error, at most ten times a
/// second, on a terminal only; silent otherwise. The line is erased by `finish()`.
class ProgressLine {
  public:
    ProgressLine(std::string label, bool enabled);
    ~ProgressLine();
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;
    void update(std::uint64_t done, std::uint64_t whole);
    void finish();
    [[nodiscard]] ProgressObserver observer() {
        return [this](std::uint64_t done, std::uint64_t whole) { update(done, whole); };
    }

  private:
    std::string label_;
    bool enabled_;
    double started_;
    double last_drawn_ = 0;
    bool drawn_ = false;
};

} // namespace quoin
