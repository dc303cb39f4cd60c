// SPDX-License-Identifier: Apache-2.0
// What follows from the health checks of a boot that is a try.
#pragma once

#include "agent/bootloaders/boot_loader.hpp"
#include "agent/node.hpp"
#include "agent/policy/gate.hpp"

#include <optional>
#include <string>

namespace quoin {

/// What is wrong with this boot before any check runs; nothing when it is as it should be.
[[nodiscard]] std::optional<std::string> boot_fault(const Node& node, const BootReport& boot);

/// Makes the gate's verdict durable: confirms the running system when `failure` is nothing, else
/// keeps the failure for the record that the system before it will make. Rebooting is left to the
/// caller.
[[nodiscard]] GateAction conclude_gate(const Node& node, BootLoader& loader, const BootReport& boot,
                                       const std::optional<std::string>& failure);

/// What would follow from `failure`, without changing anything: needs no lock.
[[nodiscard]] GateAction foresee_gate(const Node& node, const BootLoader& loader,
                                      const BootReport& boot, bool passed);

} // namespace quoin
