// SPDX-License-Identifier: Apache-2.0
// First thing in every boot: what became of the update that was under way?
#pragma once

#include "agent/bootloaders/boot_loader.hpp"
#include "agent/node.hpp"
#include "agent/policy/after_boot.hpp"
#include "agent/state.hpp"

namespace quoin {

/// Judges the attempt under way from the system that runs, and makes what follows durable: history,
/// quarantine, fresh tries for an inconclusive end, one more boot seen for a try. Reads the slot
/// only when its tries are used up. `pstore` are the directories with the kernel's records.
[[nodiscard]] BootVerdict record_boot(const Node& node, BootLoader& loader, const BootReport& boot,
                                      const std::vector<std::string>& pstore);

} // namespace quoin
