// SPDX-License-Identifier: Apache-2.0
// Observes what policy/accept_release.hpp decides from, and asks it.
#pragma once

#include "agent/policy/accept_release.hpp"
#include "agent/policy/observation.hpp"
#include "agent/state.hpp"

namespace quoin {

/// The slots' parts in an update.
struct UpdateRoles {
    char running = 'a'; ///< never written to
    char target = 'b';  ///< the other one
};

/// Throws Error(refused) when nothing counts as the running system: then no slot may be written.
[[nodiscard]] UpdateRoles roles_of(const Observation& seen);

/// True while the running system waits for its verdict and the other slot is what it would fall
/// back to: no release may be installed then.
[[nodiscard]] bool is_on_trial(const Observation& seen);

/// What is known here that bears on `manifest`. `agent_version` and `allow_quarantined` are the
/// caller's. Changes nothing.
[[nodiscard]] ReleaseContext release_context(const Manifest& manifest, const Node& node,
                                             const BootLoader& loader, const AgentState& state,
                                             const Observation& seen);

/// True for an entry that must not be startable while `target` is rewritten for `manifest`: it
/// starts the system in `target` or bears the new release's name.
[[nodiscard]] bool is_superseded(const BootEntry& entry, const Slot& target,
                                 const Manifest& manifest);

} // namespace quoin
