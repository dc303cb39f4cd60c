// SPDX-License-Identifier: Apache-2.0
// What early userspace says. Lines go to the kernel's log, so they reach every console in order
// with the kernel's own and are kept in the journal.
#pragma once

#include <string>

namespace quoin::early {

/// "quoin: TEXT" at level info: shown unless `quiet` is on the command line.
void say(const std::string& text);

/// The same at level error: shown even with `quiet`.
void say_failure(const std::string& text);

/// Seconds since the kernel started, with one digit after the point: "2.8".
[[nodiscard]] std::string seconds_since_kernel_start();

} // namespace quoin::early
