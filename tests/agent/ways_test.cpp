// SPDX-License-Identifier: Apache-2.0
// When to reboot, to go back, or to stay.
#include "agent/policy/gate.hpp"
#include "agent/policy/way_back.hpp"
#include "support/catch.hpp"

using namespace quoin;

TEST_CASE("the gate reboots only a counted try that has something to go back to") {
    for (const bool counted : {false, true})
        for (const bool other_confirmed : {false, true}) {
            CAPTURE(counted, other_confirmed);
            const bool reboots =
                judge_gate({false, counted, other_confirmed}) == GateAction::reboot;
            CHECK(reboots == (counted && other_confirmed));
        }
}

TEST_CASE("the gate confirms every healthy try and nothing else") {
    CHECK(judge_gate({true, true, true}) == GateAction::confirm);
    CHECK(judge_gate({true, true, false}) == GateAction::confirm);
    CHECK(judge_gate({true, false, true}) == GateAction::none);
}

TEST_CASE("rolling back needs a confirmed, listed system on the other side") {
    CHECK(judge_roll_back({SlotState::confirmed, true, SlotState::confirmed, true}) ==
          RollBackVerdict::go);
    CHECK(judge_roll_back({SlotState::trying, true, SlotState::confirmed, true}) ==
          RollBackVerdict::go);
    for (const SlotState other : {SlotState::empty, SlotState::writing, SlotState::armed,
                                  SlotState::trying, SlotState::bad})
        CHECK(judge_roll_back({SlotState::confirmed, true, other, true}) ==
              RollBackVerdict::no_way_back);
    CHECK(judge_roll_back({SlotState::bad, false, SlotState::confirmed, true}) ==
          RollBackVerdict::already_rolled_back);
}

TEST_CASE("a corrupt confirmed system is left only for another confirmed one") {
    CHECK(judge_corruption({SlotState::confirmed, true, SlotState::confirmed, true}) ==
          CorruptionVerdict::leave);
    CHECK(judge_corruption({SlotState::confirmed, true, SlotState::bad, true}) ==
          CorruptionVerdict::stay);
    CHECK(judge_corruption({SlotState::trying, true, SlotState::confirmed, true}) ==
          CorruptionVerdict::reboot);
    CHECK(judge_corruption({SlotState::trying, true, SlotState::empty, false}) ==
          CorruptionVerdict::stay);
}

TEST_CASE("a corrupt system that was left already needs only a reboot") {
    CHECK(judge_corruption({SlotState::bad, false, SlotState::confirmed, true}) ==
          CorruptionVerdict::reboot);
    CHECK(judge_corruption({SlotState::bad, false, SlotState::bad, true}) ==
          CorruptionVerdict::stay);
}
