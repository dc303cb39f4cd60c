// SPDX-License-Identifier: Apache-2.0
#include "agent/steps/observe.hpp"

#include "disk/slot_index.hpp"

namespace quoin {

namespace {

/// True when the agent left the release again and has not confirmed it since.
bool was_left(const AgentState& state, const std::string& root_hash) {
    for (auto record = state.history.rbegin(); record != state.history.rend(); ++record)
        if (record->to_root_hash == root_hash)
            return record->outcome != Outcome::confirmed;
    return false;
}

bool index_says_writing(const Node& node, const Slot& slot) {
    const auto stored = read_slot_index_header(node.verity_region(slot));
    return stored && stored->state == SlotIndexState::writing;
}

} // namespace

Observation observe(const Node& node, const BootLoader& loader, const AgentState& state,
                    const std::optional<BootReport>& boot) {
    Observation seen;
    seen.entries = loader.entries();
    if (boot)
        seen.booted = boot->slot;
    for (std::size_t i = 0; i < seen.slots.size(); ++i) {
        ObservedSlot& observed = seen.slots[i];
        observed.slot = node.slot(i == 0 ? 'a' : 'b');
        observed.entry = entry_of(observed.slot, seen.entries);
        SlotFacts facts;
        facts.labelled = !observed.slot.empty();
        facts.being_written = index_says_writing(node, observed.slot);
        facts.entry = observed.entry_facts();
        facts.booted = seen.booted == observed.slot.name;
        facts.quarantined = state.quarantined(observed.root_hash()) != nullptr;
        facts.left = was_left(state, observed.root_hash());
        observed.state = slot_state(facts);
    }
    seen.next = next_slot(seen.slots, seen.entries);
    return seen;
}

Observation observe(const Node& node, const BootLoader& loader, const AgentState& state) {
    return observe(node, loader, state, node.boot_report());
}

} // namespace quoin
