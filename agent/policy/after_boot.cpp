// SPDX-License-Identifier: Apache-2.0
#include "agent/policy/after_boot.hpp"

namespace quoin {

BootVerdict judge_boot(const BootFacts& facts) {
    if (facts.counted)
        return BootVerdict::gate; // whatever is remembered: an unconfirmed system runs
    if (!facts.attempt)
        return BootVerdict::nothing;
    if (!facts.entry)
        return BootVerdict::vanished;
    if (!facts.entry->listed)
        return BootVerdict::never_armed;
    if (!facts.entry->counter)
        return BootVerdict::succeeded;
    // The update runs, but started past the loader's counting (by hand from the firmware, say):
    // nobody may conclude anything from that.
    if (facts.booted_root_hash == facts.attempt->to_root_hash)
        return BootVerdict::waiting;
    return facts.entry->counter->left > 0 ? BootVerdict::waiting : BootVerdict::ended;
}

EndVerdict judge_end(const EndEvidence& evidence) {
    if (evidence.failure)
        return {Outcome::check_failed, true, false, *evidence.failure};
    if (evidence.slot_damage)
        return {Outcome::corrupted, true, false,
                "what lies in its slot is damaged: " + *evidence.slot_damage};
    if (evidence.panic)
        return {Outcome::panicked, true, false, *evidence.panic};
    if (evidence.rearmed == 0)
        return {Outcome::inconclusive, false, true,
                "its tries ran out without a verdict (power cuts?), so it gets them once more"};
    return {Outcome::inconclusive, false, false,
            "its tries ran out twice without a verdict, so it stays unused until installed again"};
}

} // namespace quoin
