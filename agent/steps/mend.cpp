// SPDX-License-Identifier: Apache-2.0
#include "agent/steps/mend.hpp"

#include "base/terminal.hpp"

#include <algorithm>

namespace quoin {

namespace {

/// The loader would count tries of a system that needs none, and call it bad when they are gone.
void settle_twins(BootLoader& loader, AgentState& state, const Observation& seen) {
    for (const ObservedSlot& observed : seen.slots) {
        if (!observed.listed() || observed.entry->name.counter)
            continue;
        const auto counted =
            std::find_if(seen.entries.begin(), seen.entries.end(), [&](const BootEntry& entry) {
                return entry.listed && entry.name.counter && belongs_to(entry, observed.slot);
            });
        if (counted == seen.entries.end())
            continue;
        (void)loader.confirm(observed.entry->name);
        state.notes.push_back("version " + observed.slot.version +
                              " was listed as confirmed and as a try; it is confirmed");
    }
}

/// Only an update or its record fills the second slot.
void note_loss(const Node& node, AgentState& state, const Observation& seen) {
    const bool was_updated = !seen.slots[0].slot.empty() && !seen.slots[1].slot.empty();
    if (was_updated && !AgentState::exists(node.state_directory()))
        state.notes.push_back("what the agent remembered is gone from '" + node.state_directory() +
                              "': history and quarantine begin anew");
}

} // namespace

bool mend(const Node& node, BootLoader& loader, AgentState& state, const Observation& seen) {
    const std::size_t before = state.notes.size();
    note_loss(node, state, seen);
    settle_twins(loader, state, seen);
    for (std::size_t i = before; i < state.notes.size(); ++i)
        say_warning(state.notes[i]);
    return state.notes.size() != before;
}

} // namespace quoin
