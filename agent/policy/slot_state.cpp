// SPDX-License-Identifier: Apache-2.0
#include "agent/policy/slot_state.hpp"

namespace quoin {

std::string_view name_of(SlotState state) {
    switch (state) {
    case SlotState::empty:
        return "empty";
    case SlotState::writing:
        return "writing";
    case SlotState::armed:
        return "armed";
    case SlotState::trying:
        return "trying";
    case SlotState::confirmed:
        return "confirmed";
    case SlotState::bad:
        return "bad";
    }
    return "bad";
}

SlotState slot_state(const SlotFacts& facts) {
    if (facts.being_written)
        return SlotState::writing;
    if (!facts.labelled)
        return SlotState::empty;
    if (!facts.entry)
        return SlotState::bad;
    if (!facts.entry->listed) {
        // Partition names are given just before the last sector arms: an entry that nobody judged
        // and that is not listed was never armed.
        const bool judged = facts.booted || facts.quarantined || facts.left;
        return judged ? SlotState::bad : SlotState::writing;
    }
    if (!facts.entry->counter)
        return facts.quarantined ? SlotState::bad : SlotState::confirmed;
    if (facts.booted)
        return SlotState::trying;
    if (facts.entry->counter->left == 0)
        return SlotState::bad;
    return facts.entry->counter->done == 0 ? SlotState::armed : SlotState::trying;
}

} // namespace quoin
