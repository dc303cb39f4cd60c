// SPDX-License-Identifier: Apache-2.0
#include "agent/steps/record.hpp"

#include "agent/clock.hpp"

#include <algorithm>

namespace quoin {

namespace {

void add_quarantine(AgentState& state, const std::string& version, const std::string& root_hash,
                    const std::string& reason) {
    if (state.quarantined(root_hash) == nullptr)
        state.quarantine.push_back({version, root_hash, reason, current_time()});
}

/// Takes the attempt off the state if it is one to `root_hash`; the version that it came from.
std::string finish_attempt(AgentState& state, const std::string& root_hash) {
    std::string from;
    if (state.attempt && state.attempt->to_root_hash == root_hash) {
        from = state.attempt->from_version;
        state.attempt.reset();
    }
    return from;
}

} // namespace

void record_end(AgentState& state, Outcome outcome, const std::string& reason, bool quarantine) {
    const Attempt attempt = *state.attempt;
    state.attempt.reset();
    state.history.push_back({current_time(), attempt.from_version, attempt.to_version,
                             attempt.to_root_hash, outcome, reason});
    if (quarantine)
        add_quarantine(state, attempt.to_version, attempt.to_root_hash, reason);
}

void record_confirmed(AgentState& state, const ObservedSlot& confirmed) {
    const std::string root_hash = confirmed.root_hash();
    const std::string from = finish_attempt(state, root_hash);
    state.history.push_back(
        {current_time(), from, confirmed.slot.version, root_hash, Outcome::confirmed, ""});
    const auto over = [&](const QuarantineRecord& record) { return record.root_hash == root_hash; };
    state.quarantine.erase(std::remove_if(state.quarantine.begin(), state.quarantine.end(), over),
                           state.quarantine.end());
}

void record_left(AgentState& state, const ObservedSlot& left, const ObservedSlot& other,
                 Outcome outcome, const std::string& reason, bool quarantine) {
    finish_attempt(state, left.root_hash());
    state.history.push_back(
        {current_time(), other.slot.version, left.slot.version, left.root_hash(), outcome, reason});
    if (quarantine)
        add_quarantine(state, left.slot.version, left.root_hash(), reason);
}

} // namespace quoin
