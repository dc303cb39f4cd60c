// SPDX-License-Identifier: Apache-2.0
#include "agent/policy/after_boot.hpp"
#include "support/catch.hpp"

using namespace quoin;

namespace {

const std::string old_hash(64, '1');
const std::string new_hash(64, '2');

/// The old system runs; the new one was armed and its entry has that counter.
BootFacts old_runs(std::optional<EntryFacts> entry) {
    Attempt attempt;
    attempt.to_root_hash = new_hash;
    return {attempt, old_hash, false, entry};
}

EntryFacts counted(unsigned left, unsigned done) {
    return {true, BootEntryName::Counter{left, done}};
}

} // namespace

TEST_CASE("without an update under way there is nothing to judge") {
    CHECK(judge_boot({std::nullopt, old_hash, false, std::nullopt}) == BootVerdict::nothing);
}

TEST_CASE("a counted boot goes through the gate, remembered or not") {
    CHECK(judge_boot({std::nullopt, new_hash, true, std::nullopt}) == BootVerdict::gate);
    BootFacts facts = old_runs(counted(2, 1));
    facts.booted_root_hash = new_hash;
    facts.counted = true;
    CHECK(judge_boot(facts) == BootVerdict::gate);
    facts.entry = counted(0, 3); // the last try
    CHECK(judge_boot(facts) == BootVerdict::gate);
}

TEST_CASE("tries that are left make an update wait while the old system runs") {
    CHECK(judge_boot(old_runs(counted(3, 0))) == BootVerdict::waiting);
    CHECK(judge_boot(old_runs(counted(1, 2))) == BootVerdict::waiting);
    CHECK(judge_boot(old_runs(counted(0, 3))) == BootVerdict::ended);
}

TEST_CASE("an entry without counter means that confirming was not recorded") {
    CHECK(judge_boot(old_runs(EntryFacts{true, std::nullopt})) == BootVerdict::succeeded);
}

TEST_CASE("an update that power cut short is told from one that was tried") {
    CHECK(judge_boot(old_runs(EntryFacts{false, BootEntryName::Counter{3, 0}})) ==
          BootVerdict::never_armed);
    CHECK(judge_boot(old_runs(std::nullopt)) == BootVerdict::vanished);
}

TEST_CASE("a try that the loader did not count proves nothing") {
    BootFacts facts = old_runs(counted(0, 3));
    facts.booted_root_hash = new_hash;
    CHECK(judge_boot(facts) == BootVerdict::waiting);
}

TEST_CASE("a failed check outweighs damage, damage a panic, a panic silence") {
    EndEvidence evidence{"check 'x' exited with 1", "damaged", "Kernel panic", 0};
    CHECK(judge_end(evidence).outcome == Outcome::check_failed);
    CHECK(judge_end(evidence).reason == "check 'x' exited with 1");
    evidence.failure.reset();
    CHECK(judge_end(evidence).outcome == Outcome::corrupted);
    evidence.slot_damage.reset();
    CHECK(judge_end(evidence).outcome == Outcome::panicked);
    CHECK(judge_end(evidence).quarantine);
    CHECK_FALSE(judge_end(evidence).rearm);
}

TEST_CASE("tries that ran out in silence are repeated once and never quarantined") {
    EndEvidence evidence;
    CHECK(judge_end(evidence).outcome == Outcome::inconclusive);
    CHECK(judge_end(evidence).rearm);
    CHECK_FALSE(judge_end(evidence).quarantine);
    evidence.rearmed = 1;
    CHECK_FALSE(judge_end(evidence).rearm);
    CHECK_FALSE(judge_end(evidence).quarantine);
}
