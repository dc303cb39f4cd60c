// SPDX-License-Identifier: Apache-2.0
// The hardware watchdog, so that a boot that hangs ends as a burnt try.
#pragma once

#include <string>
#include <vector>

namespace quoin::early {

/// Starts /dev/watchdog, where there is one, with 60 s and leaves it running; systemd takes it over
/// (RuntimeWatchdogSec= in units/50-quoin-system.conf). Returns notes.
[[nodiscard]] std::vector<std::string> arm_watchdog();

} // namespace quoin::early
