// SPDX-License-Identifier: Apache-2.0
// The last step: /sysroot becomes "/", and its init takes over this process.
#pragma once

#include <string>

namespace quoin::early {

/// Frees the initrd's memory, moves the kernel's file systems into the root, and executes `init`.
/// Returns only by throwing Error(failed).
[[noreturn]] void switch_root(const std::string& init);

} // namespace quoin::early
