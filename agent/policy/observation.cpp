// SPDX-License-Identifier: Apache-2.0
#include "agent/policy/observation.hpp"

#include <algorithm>

namespace quoin {

std::optional<EntryFacts> ObservedSlot::entry_facts() const {
    if (!entry)
        return std::nullopt;
    return EntryFacts{entry->listed, entry->name.counter};
}

std::optional<unsigned> ObservedSlot::tries_left() const {
    if (!listed() || !entry->name.counter)
        return std::nullopt;
    return entry->name.counter->left;
}

std::string ObservedSlot::root_hash() const {
    return slot.root_hash ? slot.root_hash->hex() : std::string();
}

bool belongs_to(const BootEntry& entry, const Slot& slot) {
    if (slot.empty() || entry.name.id != slot.id || entry.name.version != slot.version)
        return false;
    return !entry.root_hash || *entry.root_hash == slot.root_hash->hex();
}

std::optional<BootEntry> entry_of(const Slot& slot, const std::vector<BootEntry>& entries) {
    std::optional<BootEntry> found;
    for (const BootEntry& entry : entries) {
        if (!belongs_to(entry, slot))
            continue;
        // A torn rename on FAT leaves a counted name beside the confirmed one; a listed entry
        // outweighs an unlisted one, since it is what boots.
        const bool better = !found || (entry.listed && !found->listed) ||
                            (entry.listed == found->listed && !entry.name.counter);
        if (better)
            found = entry;
    }
    return found;
}

std::optional<char> next_slot(const std::array<ObservedSlot, 2>& slots,
                              const std::vector<BootEntry>& entries) {
    const auto choice = std::find_if(entries.begin(), entries.end(),
                                     [](const BootEntry& entry) { return entry.listed; });
    if (choice == entries.end())
        return std::nullopt;
    for (const ObservedSlot& candidate : slots)
        if (belongs_to(*choice, candidate.slot))
            return candidate.slot.name;
    return std::nullopt;
}

} // namespace quoin
