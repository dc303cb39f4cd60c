// SPDX-License-Identifier: Apache-2.0
// The running system is good: from now on it starts without counting.
#pragma once

#include "agent/bootloaders/boot_loader.hpp"
#include "agent/node.hpp"

namespace quoin {

/// First the entry's name, then the record: a power cut in between is made good at the next boot.
/// Returns the version. Throws Error(nothing_to_do) when it is confirmed already, Error(refused)
/// when the running system will not be started again or lies in neither slot.
std::string confirm_running(const Node& node, BootLoader& loader,
                            const std::optional<BootReport>& boot);

} // namespace quoin
