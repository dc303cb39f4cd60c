// SPDX-License-Identifier: Apache-2.0
// Waiting for devices: short pauses up to a deadline.
#pragma once

namespace quoin::early {

/// Counts from its construction, by a clock that nobody sets.
class Patience {
  public:
    explicit Patience(double seconds);

    /// Pauses for 20 ms; false, without a pause, when the time is up.
    [[nodiscard]] bool wait() const;

  private:
    double deadline_;
};

} // namespace quoin::early
