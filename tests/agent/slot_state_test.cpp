// SPDX-License-Identifier: Apache-2.0
#include "agent/policy/slot_state.hpp"
#include "support/catch.hpp"

using namespace quoin;

namespace {

SlotFacts labelled(std::optional<EntryFacts> entry) {
    SlotFacts facts;
    facts.labelled = true;
    facts.entry = entry;
    return facts;
}

EntryFacts counted(unsigned left, unsigned done) {
    return {true, BootEntryName::Counter{left, done}};
}

const EntryFacts uncounted{true, std::nullopt};
const EntryFacts unlisted{false, BootEntryName::Counter{3, 0}};

} // namespace

TEST_CASE("a slot without a name is empty, or being written when its index says so") {
    SlotFacts facts;
    CHECK(slot_state(facts) == SlotState::empty);
    facts.being_written = true;
    CHECK(slot_state(facts) == SlotState::writing);
}

TEST_CASE("an entry's counter tells armed, trying and bad apart") {
    CHECK(slot_state(labelled(counted(3, 0))) == SlotState::armed);
    CHECK(slot_state(labelled(counted(2, 1))) == SlotState::trying);
    CHECK(slot_state(labelled(counted(0, 3))) == SlotState::bad);
    CHECK(slot_state(labelled(uncounted)) == SlotState::confirmed);
}

TEST_CASE("the running system is being tried as long as its entry counts") {
    SlotFacts facts = labelled(counted(0, 3));
    facts.booted = true;
    CHECK(slot_state(facts) == SlotState::trying);
    facts.entry = uncounted;
    CHECK(slot_state(facts) == SlotState::confirmed);
}

TEST_CASE(
    "a named slot whose entry is not listed was cut off before arming, unless it was judged") {
    SlotFacts facts = labelled(unlisted);
    CHECK(slot_state(facts) == SlotState::writing);
    SECTION("it was left") {
        facts.left = true;
        CHECK(slot_state(facts) == SlotState::bad);
    }
    SECTION("it is in quarantine") {
        facts.quarantined = true;
        CHECK(slot_state(facts) == SlotState::bad);
    }
    SECTION("it runs, and was un-listed since") {
        facts.booted = true;
        CHECK(slot_state(facts) == SlotState::bad);
    }
}

TEST_CASE("a system that nothing starts is bad") {
    CHECK(slot_state(labelled(std::nullopt)) == SlotState::bad);
}

TEST_CASE("a quarantined release is bad, unless it was armed in spite of that") {
    SlotFacts facts = labelled(uncounted);
    facts.quarantined = true;
    CHECK(slot_state(facts) == SlotState::bad);
    facts.entry = counted(3, 0);
    CHECK(slot_state(facts) == SlotState::armed);
}
