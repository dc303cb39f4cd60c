// SPDX-License-Identifier: Apache-2.0
// The entry is un-listed first and recorded second: a record of something that a power cut kept
// from happening would be a lie, a missing record is only a gap.
#include "agent/steps/leave.hpp"

#include "agent/steps/boot_image_verify.hpp"
#include "agent/steps/observe.hpp"
#include "agent/steps/record.hpp"
#include "agent/steps/slot_verify.hpp"
#include "base/error.hpp"

namespace quoin {

namespace {

const ObservedSlot& running_slot(const Observation& seen) {
    if (!seen.running())
        throw refused("cannot go back: no boot entry belongs to a slot");
    return seen.slot(*seen.running());
}

std::string described(const ObservedSlot& observed) {
    return std::string("slot '") + observed.slot.name + "'";
}

std::string leave(const Node& node, BootLoader& loader, AgentState& state, const Observation& seen,
                  Outcome outcome, const std::string& reason) {
    const ObservedSlot& running = running_slot(seen);
    const ObservedSlot& other = seen.other(running.slot.name);
    switch (judge_roll_back(way_back(seen))) {
    case RollBackVerdict::already_rolled_back:
        throw Error(ErrorCode::nothing_to_do,
                    described(running) + " is left already: the next boot starts another slot");
    case RollBackVerdict::no_way_back:
        throw refused("cannot leave " + described(running) + ": " + described(other) + " is " +
                      std::string(name_of(other.state)) + ", not confirmed");
    case RollBackVerdict::go:
        break;
    }
    auto damage = boot_image_damage(node, loader, other);
    if (!damage)
        damage = slot_damage(node, other.slot);
    if (damage)
        throw refused("cannot leave " + described(running) + ": " + described(other) +
                      " is damaged: " + *damage);
    loader.unlist(running.entry->name);
    record_left(state, running, other, outcome, reason, outcome == Outcome::corrupted);
    state.write(node.state_directory());
    return other.slot.version;
}

} // namespace

WayBackFacts way_back(const Observation& seen) {
    const ObservedSlot& running = running_slot(seen);
    const ObservedSlot& other = seen.other(running.slot.name);
    return {running.state, running.listed(), other.state, other.listed()};
}

std::string roll_back(const Node& node, BootLoader& loader, const std::optional<BootReport>& boot) {
    AgentState state = AgentState::read(node.state_directory());
    const Observation seen = observe(node, loader, state, boot);
    return leave(node, loader, state, seen, Outcome::rolled_back, "on request");
}

std::string mark_bad(const Node& node, BootLoader& loader, const BootReport& boot,
                     const std::string& reason) {
    AgentState state = AgentState::read(node.state_directory());
    const Observation seen = observe(node, loader, state, boot);
    return leave(node, loader, state, seen, Outcome::corrupted, reason);
}

} // namespace quoin
