// SPDX-License-Identifier: Apache-2.0
#include "agent/policy/way_back.hpp"

namespace quoin {

namespace {
bool other_is_good(const WayBackFacts& facts) {
    return facts.other == SlotState::confirmed && facts.other_listed;
}
} // namespace

RollBackVerdict judge_roll_back(const WayBackFacts& facts) {
    if (!facts.running_listed)
        return RollBackVerdict::already_rolled_back;
    return other_is_good(facts) ? RollBackVerdict::go : RollBackVerdict::no_way_back;
}

CorruptionVerdict judge_corruption(const WayBackFacts& facts) {
    if (!other_is_good(facts))
        return CorruptionVerdict::stay;
    if (!facts.running_listed)
        return CorruptionVerdict::reboot;
    switch (facts.running) {
    case SlotState::armed:
    case SlotState::trying:
        return CorruptionVerdict::reboot;
    case SlotState::empty:
    case SlotState::writing:
    case SlotState::confirmed:
    case SlotState::bad:
        return CorruptionVerdict::leave;
    }
    return CorruptionVerdict::stay;
}

} // namespace quoin
