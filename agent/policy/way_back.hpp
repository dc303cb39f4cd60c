// SPDX-License-Identifier: Apache-2.0
// Leaving a system for the other one: when asked to, and when the running root turns out damaged.
// Pure and total.
#pragma once

#include "agent/policy/slot_state.hpp"

#include <optional>
#include <string>

namespace quoin {

/// The slot that counts as the running one and the other.
struct WayBackFacts {
    SlotState running = SlotState::confirmed;
    bool running_listed = true;
    SlotState other = SlotState::empty;
    bool other_listed = false;
};

enum class RollBackVerdict {
    go,                  ///< if the other slot's content is intact
    already_rolled_back, ///< the running system is un-listed already
    no_way_back,         ///< the other slot holds nothing confirmed
};
[[nodiscard]] RollBackVerdict judge_roll_back(const WayBackFacts& facts);

enum class CorruptionVerdict {
    reboot, ///< that alone leads away: an unconfirmed system, whose try it uses up, as the kernel
            ///< does by itself where it can, or one that is un-listed already
    leave,  ///< mark the slot bad and go back, if the other slot's content is intact
    stay,   ///< nothing to go back to: say so and stay up
};
[[nodiscard]] CorruptionVerdict judge_corruption(const WayBackFacts& facts);

} // namespace quoin
