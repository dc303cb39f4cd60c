// SPDX-License-Identifier: Apache-2.0
// Entries of history and quarantine. They change the state in memory; the caller writes it.
#pragma once

#include "agent/policy/observation.hpp"
#include "agent/state.hpp"

namespace quoin {

/// How the update under way ended; takes it off the state, and into quarantine when `quarantine`.
/// The state holds an attempt.
void record_end(AgentState& state, Outcome outcome, const std::string& reason, bool quarantine);

/// A system was confirmed: history gets it, and an update to it, like its quarantine, is over.
void record_confirmed(AgentState& state, const ObservedSlot& confirmed);

/// A system is left for another one outside of an update; an update to it is over, too.
void record_left(AgentState& state, const ObservedSlot& left, const ObservedSlot& other,
                 Outcome outcome, const std::string& reason, bool quarantine);

} // namespace quoin
