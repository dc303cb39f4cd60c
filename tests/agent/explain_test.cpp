// SPDX-License-Identifier: Apache-2.0
#include "agent/policy/explain.hpp"
#include "support/catch.hpp"

using namespace quoin;
using Catch::Matchers::Contains;

namespace {

Digest filled(std::uint8_t byte) {
    Digest digest;
    digest.bytes.fill(byte);
    return digest;
}

/// 1.0.0 confirmed in slot a, 2.0.0 in slot b with the given counter.
Observation seen(std::optional<BootEntryName::Counter> counter, SlotState state) {
    Observation made;
    made.slots[0].slot.name = 'a';
    made.slots[0].slot.id = made.slots[1].slot.id = "node";
    made.slots[0].slot.version = "1.0.0";
    made.slots[0].slot.root_hash = filled(1);
    made.slots[0].entry = BootEntry{{"node", "1.0.0", std::nullopt}, true, 1, std::nullopt};
    made.slots[0].state = SlotState::confirmed;
    made.slots[1].slot.name = 'b';
    made.slots[1].slot.version = "2.0.0";
    made.slots[1].slot.root_hash = filled(2);
    made.slots[1].entry = BootEntry{{"node", "2.0.0", counter}, true, 1, std::nullopt};
    made.slots[1].state = state;
    const bool bad = counter && counter->left == 0;
    made.entries = {*made.slots[bad ? 0 : 1].entry, *made.slots[bad ? 1 : 0].entry};
    made.next = next_slot(made.slots, made.entries);
    return made;
}

} // namespace

TEST_CASE("what boots next is explained by what the loader compares") {
    CHECK(explain_next(seen(std::nullopt, SlotState::confirmed)) ==
          "slot 'b' with version 2.0.0: it is newer than version 1.0.0");
    CHECK(explain_next(seen(BootEntryName::Counter{1, 2}, SlotState::trying)) ==
          "slot 'b' with version 2.0.0: it is not confirmed and has 1 try left; it is newer than "
          "version 1.0.0");
    CHECK(explain_next(seen(BootEntryName::Counter{0, 3}, SlotState::bad)) ==
          "slot 'a' with version 1.0.0: the tries of version 2.0.0 are used up");
    Observation nothing;
    CHECK(explain_next(nothing) == "nothing: no boot entry is listed");
}

TEST_CASE("an install into the other slot that was cut off is no empty slot") {
    Observation cut = seen(std::nullopt, SlotState::writing);
    cut.slots[1].slot.root_hash.reset();
    cut.slots[1].entry.reset();
    cut.entries = {*cut.slots[0].entry};
    cut.next = next_slot(cut.slots, cut.entries);
    const std::string begun = "slot 'a' with version 1.0.0: ";
    CHECK(explain_next(cut) == begun + "an install into the other slot is not finished");
    cut.slots[1].state = SlotState::empty;
    CHECK(explain_next(cut) == begun + "the other slot is empty");
    // Cut off after its partitions were named, before the last sector armed it.
    Observation late = seen(BootEntryName::Counter{3, 0}, SlotState::writing);
    late.slots[1].entry->listed = false;
    late.entries = {*late.slots[0].entry, *late.slots[1].entry};
    late.next = next_slot(late.slots, late.entries);
    CHECK(explain_next(late) == begun + "an install into the other slot is not finished");
    late.slots[1].state = SlotState::bad;
    CHECK(explain_next(late) == begun + "the other slot is not listed");
}

TEST_CASE("an entry of another system shows as what boots next") {
    Observation other = seen(std::nullopt, SlotState::confirmed);
    other.entries.insert(other.entries.begin(),
                         BootEntry{{"node", "9.0.0", std::nullopt}, true, 1, std::nullopt});
    other.next = next_slot(other.slots, other.entries);
    CHECK_FALSE(other.next);
    CHECK_THAT(explain_next(other), Contains("node_9.0.0.efi"));
}

TEST_CASE("an entry whose command line names another root hash does not belong to the slot") {
    Observation made = seen(std::nullopt, SlotState::confirmed);
    BootEntry stranger = *made.slots[1].entry;
    CHECK(belongs_to(stranger, made.slots[1].slot));
    stranger.root_hash = filled(9).hex();
    CHECK_FALSE(belongs_to(stranger, made.slots[1].slot));
}

TEST_CASE("of two names of one system the listed one counts, then the one without counter") {
    const Observation made = seen(std::nullopt, SlotState::confirmed);
    const Slot& slot = made.slots[1].slot;
    const BootEntry counted{{"node", "2.0.0", BootEntryName::Counter{2, 1}}, true, 1, std::nullopt};
    const BootEntry uncounted{{"node", "2.0.0", std::nullopt}, true, 1, std::nullopt};
    const BootEntry leftover{{"node", "2.0.0", std::nullopt}, false, 1, std::nullopt};
    CHECK(entry_of(slot, {counted, uncounted})->name == uncounted.name);
    CHECK(entry_of(slot, {uncounted, counted})->name == uncounted.name);
    CHECK(entry_of(slot, {counted, leftover})->name == counted.name);
    CHECK_FALSE(entry_of(slot, {*made.slots[0].entry}));
}

TEST_CASE("the last update is explained while it runs and after its end") {
    const Observation armed = seen(BootEntryName::Counter{3, 0}, SlotState::armed);
    AgentState state;
    CHECK(explain_last_update(armed, state) == "none is recorded");
    Attempt attempt;
    attempt.from_version = "1.0.0";
    attempt.to_version = "2.0.0";
    attempt.to_root_hash = filled(2).hex();
    state.attempt = attempt;
    CHECK(explain_last_update(armed, state) == "1.0.0 -> 2.0.0: armed, 3 tries left");
    state.attempt->failure = "check 'web' exited with 1";
    CHECK(
        explain_last_update(seen(BootEntryName::Counter{1, 2}, SlotState::trying), state) ==
        "1.0.0 -> 2.0.0: being tried, 1 try left; the last one failed: check 'web' exited with 1");
    state.attempt.reset();
    state.history.push_back(
        {0, "1.0.0", "2.0.0", filled(2).hex(), Outcome::panicked, "Kernel panic - not syncing"});
    CHECK(explain_last_update(armed, state) ==
          "1.0.0 -> 2.0.0: left again, the kernel panicked: Kernel panic - not syncing");
}
