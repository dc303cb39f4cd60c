// SPDX-License-Identifier: Apache-2.0
#include "agent/steps/record_boot.hpp"

#include "agent/steps/mend.hpp"
#include "agent/steps/observe.hpp"
#include "agent/steps/panic_evidence.hpp"
#include "agent/steps/record.hpp"
#include "agent/steps/slot_verify.hpp"
#include "base/terminal.hpp"

#include <algorithm>

namespace quoin {

namespace {

/// The attempt's slot, as long as it still holds what the attempt put there.
std::optional<EntryFacts> entry_of_attempt(const Observation& seen, const Attempt& attempt) {
    const ObservedSlot& target = seen.slot(attempt.slot);
    return target.root_hash() == attempt.to_root_hash ? target.entry_facts() : std::nullopt;
}

EndEvidence gather_evidence(const Node& node, const ObservedSlot& target, const Attempt& attempt,
                            const std::vector<std::string>& pstore) {
    EndEvidence evidence;
    evidence.failure = attempt.failure;
    evidence.rearmed = attempt.rearmed;
    if (!evidence.failure) // reading the slot takes seconds
        evidence.slot_damage = slot_damage(node, target.slot);
    evidence.panic = find_panic(pstore, attempt.armed_at);
    return evidence;
}

void give_fresh_tries(AgentState& state, const std::string& directory, BootLoader& loader,
                      const BootEntryName& entry) {
    Attempt& attempt = *state.attempt;
    ++attempt.rearmed;
    attempt.boots_seen = 0;
    // First the count, so that power cuts cannot make this endless.
    state.write(directory);
    // As many as it had; the loader's count of those made can be larger when nothing else started.
    loader.rearm(entry, std::clamp(entry.counter->done, 1U, max_tries));
}

void record_ended(const Node& node, BootLoader& loader, AgentState& state, const Observation& seen,
                  const std::vector<std::string>& pstore) {
    const Attempt attempt = *state.attempt;
    const ObservedSlot& target = seen.slot(attempt.slot);
    const EndVerdict verdict = judge_end(gather_evidence(node, target, attempt, pstore));
    say_warning("version " + attempt.to_version + " was left again (" +
                std::string(name_of(verdict.outcome)) + "): " + printable(verdict.reason));
    if (verdict.rearm) {
        give_fresh_tries(state, node.state_directory(), loader, target.entry->name);
        return;
    }
    record_end(state, verdict.outcome, verdict.reason, verdict.quarantine);
    state.write(node.state_directory());
}

void drop_attempt(AgentState& state, const std::string& why) {
    state.notes.push_back("the update to " + state.attempt->to_version + " " + why);
    say_warning(state.notes.back());
    state.attempt.reset();
}

} // namespace

BootVerdict record_boot(const Node& node, BootLoader& loader, const BootReport& boot,
                        const std::vector<std::string>& pstore) {
    AgentState state = AgentState::read(node.state_directory());
    if (mend(node, loader, state, observe(node, loader, state, boot)))
        state.write(node.state_directory());
    const Observation seen = observe(node, loader, state, boot);
    BootFacts facts;
    facts.attempt = state.attempt;
    facts.booted_root_hash = boot.root_hash.hex();
    facts.counted = boot.counted;
    if (state.attempt)
        facts.entry = entry_of_attempt(seen, *state.attempt);
    const BootVerdict verdict = judge_boot(facts);
    switch (verdict) {
    case BootVerdict::nothing:
    case BootVerdict::waiting:
        break;
    case BootVerdict::gate:
        if (state.attempt) {
            ++state.attempt->boots_seen;
            state.write(node.state_directory());
        }
        break;
    case BootVerdict::succeeded:
        record_confirmed(state, seen.slot(state.attempt->slot));
        state.write(node.state_directory());
        break;
    case BootVerdict::never_armed:
        drop_attempt(state, "was cut off before it was armed; install it again");
        state.write(node.state_directory());
        break;
    case BootVerdict::vanished:
        drop_attempt(state, "is gone: its boot entry does not exist any more");
        state.write(node.state_directory());
        break;
    case BootVerdict::ended:
        record_ended(node, loader, state, seen, pstore);
        break;
    }
    return verdict;
}

} // namespace quoin
