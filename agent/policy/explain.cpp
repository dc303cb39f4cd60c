// SPDX-License-Identifier: Apache-2.0
#include "agent/policy/explain.hpp"

namespace quoin {

namespace {

std::string described(const ObservedSlot& observed) {
    return std::string("slot '") + observed.slot.name + "' with version " + observed.slot.version;
}

std::string tries(unsigned count) {
    return std::to_string(count) + (count == 1 ? " try" : " tries");
}

/// Why the loader prefers the first of two listed entries.
std::string preference(const ObservedSlot& chosen, const ObservedSlot& other) {
    if (!other.listed() && other.state == SlotState::writing)
        return "an install into the other slot is not finished";
    if (!other.listed())
        return other.slot.empty() ? "the other slot is empty" : "the other slot is not listed";
    if (other.entry->name.is_bad() && !chosen.entry->name.is_bad())
        return "the tries of version " + other.slot.version + " are used up";
    if (other.entry->name.is_bad())
        return "all systems have used up their tries, and it is the newest";
    return "it is newer than version " + other.slot.version;
}

std::string arrow(const std::string& from, const std::string& to) {
    return from.empty() ? to : from + " -> " + to;
}

std::string explain_attempt(const ObservedSlot& target, const Attempt& attempt) {
    std::string text = arrow(attempt.from_version, attempt.to_version) + ": ";
    const auto left = target.tries_left();
    if (target.root_hash() != attempt.to_root_hash || !left)
        return text + "begun, its end is judged at the next boot";
    text += target.state == SlotState::armed ? "armed, " : "being tried, ";
    text += tries(*left) + " left";
    if (attempt.rearmed > 0)
        text += ", given fresh tries after it ended without a verdict";
    if (attempt.failure)
        text += "; the last one failed: " + *attempt.failure;
    return text;
}

} // namespace

std::string explain_next(const Observation& seen) {
    if (seen.next) {
        const ObservedSlot& chosen = seen.slot(*seen.next);
        std::string text = described(chosen) + ": ";
        if (const auto left = chosen.tries_left())
            text += "it is not confirmed and has " + tries(*left) + " left; ";
        return text + preference(chosen, seen.other(*seen.next));
    }
    if (!seen.entries.empty() && seen.entries.front().listed)
        return "boot entry '" + seen.entries.front().name.file_name() +
               "', whose system lies in neither slot";
    return "nothing: no boot entry is listed";
}

std::string explain_last_update(const Observation& seen, const AgentState& state) {
    if (state.attempt)
        return explain_attempt(seen.slot(state.attempt->slot), *state.attempt);
    return state.history.empty() ? "none is recorded" : explain_record(state.history.back());
}

std::string explain_record(const HistoryRecord& record) {
    const std::string what = arrow(record.from_version, record.to_version);
    switch (record.outcome) {
    case Outcome::confirmed:
        return what + ": confirmed";
    case Outcome::check_failed:
        return what + ": left again, a health check failed: " + record.reason;
    case Outcome::panicked:
        return what + ": left again, the kernel panicked: " + record.reason;
    case Outcome::corrupted:
        return what + ": left again, its content is corrupt: " + record.reason;
    case Outcome::inconclusive:
        return what + ": inconclusive: " + record.reason;
    case Outcome::rolled_back:
        return what + ": left again on request";
    }
    return what;
}

} // namespace quoin
