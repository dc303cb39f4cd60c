// SPDX-License-Identifier: Apache-2.0
// What a slot is, derived from what lies on the disk and what the agent remembers. Pure and total.
#pragma once

#include "disk/boot_entry.hpp"

#include <optional>
#include <string_view>

namespace quoin {

/// In the words of `status`.
enum class SlotState {
    empty,     ///< holds nothing
    writing,   ///< an install was begun and has not armed it
    armed,     ///< will be tried at the next boot
    trying,    ///< was started, has tries left or runs, and nobody has confirmed it
    confirmed, ///< starts without counting
    bad,       ///< holds a system that is not to be started again
};
[[nodiscard]] std::string_view name_of(SlotState state);

/// What the loader makes of a slot's boot entry.
struct EntryFacts {
    bool listed = false;
    std::optional<BootEntryName::Counter> counter;
};

/// All that a slot's state depends on.
struct SlotFacts {
    bool labelled = false;           ///< its partitions bear a release's name and root hash
    bool being_written = false;      ///< its index header says "writing"
    std::optional<EntryFacts> entry; ///< nothing when no boot entry belongs to it
    bool booted = false;             ///< the running system lies in it
    bool quarantined = false;        ///< its root hash is in quarantine
    bool left = false;               ///< the last record of its root hash is not a confirmation
};

/// A counter has the last word over quarantine: who armed a quarantined release meant it.
[[nodiscard]] SlotState slot_state(const SlotFacts& facts);

} // namespace quoin
