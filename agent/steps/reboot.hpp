// SPDX-License-Identifier: Apache-2.0
// Restarting the node so that nothing that hangs can prevent it.
#pragma once

namespace quoin {

/// Syncs the journal and all file systems, asks systemd for an orderly reboot, then for a forced
/// one, then the kernel. Returns only by being killed in the orderly shutdown.
[[noreturn]] void reboot_node();

/// The kernel's own reboot, at once after syncing: when no program on the root can be trusted to
/// start. Throws Error(failed) when not allowed to.
[[noreturn]] void reboot_at_once();

} // namespace quoin
