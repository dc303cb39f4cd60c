// SPDX-License-Identifier: Apache-2.0
// The hardware watchdog, so that a boot that hangs ends as a burnt try.
#pragma once

#include <string>
#include <vector>

namespace quoin::early {

/// Starts /dev/watchdog, where there is one, or gives it that much time anew, and leaves it
/// running; systemd takes it over (RuntimeWatchdogSec= in units/system.conf). Hardware that cannot
/// count so far keeps its own time. Returns notes.
[[nodiscard]] std::vector<std::string> arm_watchdog(int seconds);

} // namespace quoin::early
