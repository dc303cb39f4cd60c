// SPDX-License-Identifier: Apache-2.0
// Everything that decisions are made from, as plain values: steps/observe.hpp fills it in.
#pragma once

#include "agent/bootloaders/boot_loader.hpp"
#include "agent/node.hpp"
#include "agent/policy/slot_state.hpp"

#include <array>
#include <optional>
#include <vector>

namespace quoin {

/// A slot, what would start it and what it is therefore.
struct ObservedSlot {
    Slot slot;
    std::optional<BootEntry>
        entry; ///< the one that belongs to it; the confirmed one if there are two
    SlotState state = SlotState::empty;

    [[nodiscard]] std::optional<EntryFacts> entry_facts() const;
    [[nodiscard]] bool listed() const { return entry && entry->listed; }
    [[nodiscard]] std::optional<unsigned> tries_left() const;
    [[nodiscard]] std::string root_hash() const; ///< hex; empty for an empty slot
};

struct Observation {
    std::array<ObservedSlot, 2> slots; ///< a, b
    std::vector<BootEntry> entries;    ///< in the loader's order
    std::optional<char> booted;        ///< nothing off the node
    std::optional<char> next;          ///< the slot that the loader would choose now
    /// The slot that counts as the running one: the booted one, off the node the loader's choice.
    [[nodiscard]] std::optional<char> running() const { return booted ? booted : next; }
    [[nodiscard]] const ObservedSlot& slot(char name) const { return slots[name == 'a' ? 0 : 1]; }
    [[nodiscard]] const ObservedSlot& other(char name) const { return slots[name == 'a' ? 1 : 0]; }
};

/// True when `entry` starts the system in `slot`: same name and, where the boot image could be
/// read, same root hash.
[[nodiscard]] bool belongs_to(const BootEntry& entry, const Slot& slot);

/// The slot's entry among all of the loader's; nothing when none belongs to it.
[[nodiscard]] std::optional<BootEntry> entry_of(const Slot& slot,
                                                const std::vector<BootEntry>& entries);

/// What the loader would start now; nothing when it would start nothing, or something that lies in
/// neither slot.
[[nodiscard]] std::optional<char> next_slot(const std::array<ObservedSlot, 2>& slots,
                                            const std::vector<BootEntry>& entries);

} // namespace quoin
