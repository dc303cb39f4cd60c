// SPDX-License-Identifier: Apache-2.0
// How the health gate tells the deadline of a try (quoin-try-deadline.timer) that it is at work:
// checks may be allowed longer than the timer waits for a gate that never gets to run.
#pragma once

#include <chrono>
#include <string>

namespace quoin {

/// Where both look for it. Gone with the boot.
inline constexpr const char* verdict_promise_path = "/run/quoin/verdict-by";

/// Leaves word that this boot will be judged within `duration` from now.
void promise_verdict(const std::string& path, std::chrono::seconds duration);

/// How long a promised verdict may still take; zero without a readable promise. Suspended time
/// counts.
[[nodiscard]] std::chrono::seconds verdict_still_promised(const std::string& path);

} // namespace quoin
