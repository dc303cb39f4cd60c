// SPDX-License-Identifier: Apache-2.0
// What a power cut or a failing medium left, as far as a node can tell and put right by itself. The
// partition table and, on the ESP, shared names and torn files are healed when the node is opened:
// node.hpp.
#pragma once

#include "agent/bootloaders/boot_loader.hpp"
#include "agent/node.hpp"
#include "agent/policy/observation.hpp"
#include "agent/state.hpp"

namespace quoin {

/// At each boot, before it is judged: un-lists the counted name of a system whose confirmed name is
/// listed too, and notes that the state was lost. Returns true when the state has news to write.
bool mend(const Node& node, BootLoader& loader, AgentState& state, const Observation& seen);

} // namespace quoin
