// SPDX-License-Identifier: Apache-2.0
// Looks at the node once and puts everything that decisions need into one value.
#pragma once

#include "agent/policy/observation.hpp"
#include "agent/state.hpp"

namespace quoin {

/// Reads slots, their index headers and the boot entries. Changes nothing.
[[nodiscard]] Observation observe(const Node& node, const BootLoader& loader,
                                  const AgentState& state);

/// The same for a boot that the caller knows of; `observe` above takes the node's own report.
[[nodiscard]] Observation observe(const Node& node, const BootLoader& loader,
                                  const AgentState& state, const std::optional<BootReport>& boot);

} // namespace quoin
