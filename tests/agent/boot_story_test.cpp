// SPDX-License-Identifier: Apache-2.0
// Whole stories of updates, from armed to their end, on an image file.
#include "agent/steps/confirm.hpp"
#include "agent/steps/health_gate.hpp"
#include "agent/steps/leave.hpp"
#include "agent/steps/observe.hpp"
#include "agent/steps/record_boot.hpp"
#include "base/error.hpp"
#include "loader_fixture.hpp"
#include "support/catch.hpp"

using namespace quoin;
using namespace quoin::test;

namespace {

/// Version 1.0.0 runs from slot a and is confirmed; 2.0.0 is armed in slot b.
class Story {
  public:
    Story() : node_(content("1.0.0", 1)) { install("2.0.0", 2); }

    void install(const std::string& version, std::uint64_t seed) {
        (void)node_.install(node_.release(content(version, seed)).bundle);
    }

    /// One boot: what the loader starts, and what the agent records first.
    BootVerdict boot() {
        report_ = quoin::test::boot(node_);
        const Node node = open();
        SystemdBoot loader(node.esp_directory());
        return record_boot(node, loader, report_, {pstore()});
    }
    GateAction conclude(const std::optional<std::string>& failure) {
        const Node node = open();
        SystemdBoot loader(node.esp_directory());
        return conclude_gate(node, loader, report_, failure);
    }
    std::string roll_back() {
        const Node node = open();
        SystemdBoot loader(node.esp_directory());
        return quoin::roll_back(node, loader, report_);
    }
    std::string mark_bad() {
        const Node node = open();
        SystemdBoot loader(node.esp_directory());
        return quoin::mark_bad(node, loader, report_, "damaged");
    }
    std::string confirm() {
        const Node node = open();
        SystemdBoot loader(node.esp_directory());
        return confirm_running(node, loader, report_);
    }

    [[nodiscard]] Observation see() const {
        const Node node = open();
        return observe(node, SystemdBoot(node.esp_directory()), state(), report_);
    }
    [[nodiscard]] AgentState state() const { return AgentState::read(node_.options().state); }
    [[nodiscard]] SlotState slot(char name) const { return see().slot(name).state; }
    [[nodiscard]] char running() const { return report_.slot; }
    [[nodiscard]] const TestNode& test_node() const { return node_; }
    [[nodiscard]] std::string pstore() const {
        std::filesystem::create_directories(node_.directory() + "/pstore");
        return node_.directory() + "/pstore";
    }
    void damage(char slot_name) const {
        const Node node = open();
        const Region root = node.root_region(node.slot(slot_name));
        Bytes byte(1);
        root.read(byte, 5000);
        byte[0] ^= 1;
        root.write(byte, 5000);
    }

  private:
    [[nodiscard]] Node open() const { return Node::open(node_.options(), true); }
    TestNode node_;
    BootReport report_;
};

int code_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return exit_code(error.code());
    }
    return 0;
}

} // namespace

TEST_CASE("a healthy update is confirmed at its first try") {
    Story story;
    CHECK(story.boot() == BootVerdict::gate);
    CHECK(story.running() == 'b');
    CHECK(story.slot('b') == SlotState::trying);
    CHECK(story.state().attempt->boots_seen == 1);
    CHECK(story.conclude(std::nullopt) == GateAction::confirm);
    CHECK(story.slot('b') == SlotState::confirmed);
    CHECK(story.slot('a') == SlotState::confirmed);
    const AgentState state = story.state();
    CHECK_FALSE(state.attempt);
    REQUIRE(state.history.size() == 1);
    CHECK(state.history[0].outcome == Outcome::confirmed);
    CHECK(state.history[0].from_version == "1.0.0");
    CHECK(story.boot() == BootVerdict::nothing);
    CHECK(story.running() == 'b');
}

TEST_CASE("an update whose check fails uses up its tries, is left and quarantined") {
    Story story;
    for (int i = 0; i < 3; ++i) {
        CHECK(story.boot() == BootVerdict::gate);
        CHECK(story.running() == 'b');
        CHECK(story.conclude("check 'web' exited with 1") == GateAction::reboot);
    }
    CHECK(story.boot() == BootVerdict::ended);
    CHECK(story.running() == 'a');
    CHECK(story.slot('b') == SlotState::bad);
    const AgentState state = story.state();
    CHECK_FALSE(state.attempt);
    REQUIRE(state.history.size() == 1);
    CHECK(state.history[0].outcome == Outcome::check_failed);
    CHECK(state.history[0].reason == "check 'web' exited with 1");
    REQUIRE(state.quarantine.size() == 1);
    CHECK(state.quarantine[0].version == "2.0.0");
}

TEST_CASE("a quarantined release is refused until somebody insists, and good once confirmed") {
    Story story;
    for (int i = 0; i < 3; ++i) {
        (void)story.boot();
        (void)story.conclude("check 'web' exited with 1");
    }
    (void)story.boot();
    const Release again = story.test_node().release(content("2.0.0", 2));
    CHECK(code_of([&] { story.install("2.0.0", 2); }) == 3);
    InstallOptions insist;
    insist.source = again.bundle;
    insist.allow_quarantined = true;
    (void)story.test_node().install(insist);
    CHECK(story.slot('b') == SlotState::armed);
    (void)story.boot();
    CHECK(story.conclude(std::nullopt) == GateAction::confirm);
    CHECK(story.state().quarantine.empty());
}

TEST_CASE("an update that panics is left and quarantined with the panic's message") {
    Story story;
    for (int i = 0; i < 3; ++i)
        (void)boot(story.test_node()); // nothing of ours runs
    replace_file_durably(story.pstore() + "/dmesg-efi-1",
                         bytes_of("Panic#1 Part1\n<0>[1.0] Kernel panic - not syncing: broken\n"));
    CHECK(story.boot() == BootVerdict::ended);
    const AgentState state = story.state();
    REQUIRE(state.history.size() == 1);
    CHECK(state.history[0].outcome == Outcome::panicked);
    CHECK(state.history[0].reason == "Kernel panic - not syncing: broken");
    CHECK(state.quarantined(state.history[0].to_root_hash) != nullptr);
}

TEST_CASE("an update whose slot was damaged after arming is left for corruption") {
    Story story;
    for (int i = 0; i < 3; ++i)
        (void)boot(story.test_node());
    story.damage('b');
    CHECK(story.boot() == BootVerdict::ended);
    CHECK(story.state().history.at(0).outcome == Outcome::corrupted);
}

TEST_CASE("tries that power cuts used up are given once more, then the slot is left alone") {
    Story story;
    for (int i = 0; i < 3; ++i)
        (void)boot(story.test_node());
    CHECK(story.boot() == BootVerdict::ended);
    CHECK(story.running() == 'a');
    CHECK(story.slot('b') == SlotState::armed);
    CHECK(story.state().attempt->rearmed == 1);

    for (int i = 0; i < 3; ++i)
        (void)boot(story.test_node());
    CHECK(story.boot() == BootVerdict::ended);
    CHECK(story.slot('b') == SlotState::bad);
    const AgentState state = story.state();
    CHECK_FALSE(state.attempt);
    CHECK(state.quarantine.empty());
    CHECK(state.history.at(0).outcome == Outcome::inconclusive);
    CHECK(story.boot() == BootVerdict::nothing);
    // Not to blame: it may be installed again.
    story.install("2.0.0", 2);
    CHECK(story.slot('b') == SlotState::armed);
}

TEST_CASE("a confirmation that power kept from being recorded is recorded at the next boot") {
    Story story;
    (void)story.boot();
    const AgentState before = story.state();
    (void)story.conclude(std::nullopt);
    before.write(story.test_node().options().state);
    CHECK(story.boot() == BootVerdict::succeeded);
    CHECK_FALSE(story.state().attempt);
    CHECK(story.state().history.at(0).outcome == Outcome::confirmed);
}

TEST_CASE("an update that was never armed is dropped with a note") {
    Story story;
    SystemdBoot loader(story.test_node().directory() + "/esp");
    loader.unlist({"node", "2.0.0", BootEntryName::Counter{3, 0}});
    CHECK(story.slot('b') == SlotState::writing);
    CHECK(story.boot() == BootVerdict::never_armed);
    CHECK(story.running() == 'a');
    CHECK_FALSE(story.state().attempt);
    CHECK(story.state().notes.size() == 1);
}

TEST_CASE("a failed gate without another confirmed system stays up") {
    Story story;
    (void)story.boot();
    SystemdBoot loader(story.test_node().directory() + "/esp");
    loader.unlist({"node", "1.0.0", std::nullopt});
    CHECK(story.conclude("check 'web' exited with 1") == GateAction::stay);
}

TEST_CASE("a lost state does not keep a try from being judged") {
    Story story;
    AgentState().write(story.test_node().options().state);
    CHECK(story.boot() == BootVerdict::gate);
    CHECK(story.conclude(std::nullopt) == GateAction::confirm);
    CHECK(story.slot('b') == SlotState::confirmed);
}

TEST_CASE("a lost state is noted once, on a node that was updated") {
    Story story;
    std::filesystem::remove_all(story.test_node().options().state);
    (void)story.boot();
    REQUIRE(story.state().notes.size() == 1);
    CHECK(story.state().notes[0].find("is gone from") != std::string::npos);
    (void)story.boot();
    CHECK(story.state().notes.size() == 1);
}

TEST_CASE("a node fresh from the factory has lost no state") {
    const TestNode fresh(content("1.0.0", 1));
    const BootReport report = boot(fresh);
    const Node node = Node::open(fresh.options(), true);
    SystemdBoot loader(node.esp_directory());
    (void)record_boot(node, loader, report, {});
    CHECK_FALSE(AgentState::exists(fresh.options().state));
}

TEST_CASE("a counted name beside the confirmed one is un-listed at the next boot, and noted") {
    Story story;
    (void)story.boot();
    (void)story.conclude(std::nullopt);
    const std::string entries = story.test_node().entries_directory();
    std::filesystem::copy_file(entries + "/node_2.0.0.efi", entries + "/node_2.0.0+2-1.efi");
    (void)story.boot();
    CHECK(story.running() == 'b');
    CHECK(story.slot('b') == SlotState::confirmed);
    const SystemdBoot loader(story.test_node().directory() + "/esp");
    const auto listed = loader.entries();
    CHECK(std::count_if(listed.begin(), listed.end(),
                        [](const BootEntry& entry) { return entry.listed; }) == 2);
    REQUIRE(story.state().notes.size() == 1);
    CHECK(story.state().notes[0].find("2.0.0 was listed as confirmed and as a try") !=
          std::string::npos);
}

TEST_CASE("rolling back un-lists the running system and is remembered") {
    Story story;
    (void)story.boot();
    (void)story.conclude(std::nullopt);
    CHECK(story.roll_back() == "1.0.0");
    CHECK(story.see().next == 'a');
    CHECK(story.slot('b') == SlotState::bad);
    CHECK(code_of([&] { (void)story.roll_back(); }) == 4);
    CHECK(code_of([&] { (void)story.confirm(); }) == 3);
    (void)story.boot();
    CHECK(story.running() == 'a');
    CHECK(story.slot('b') == SlotState::bad);
    CHECK(story.state().history.back().outcome == Outcome::rolled_back);
    CHECK(story.state().quarantine.empty());
}

TEST_CASE("rolling back is refused without a confirmed, intact system to go to") {
    Story story;
    SECTION("the other slot is only armed") {
        const std::string before = story.test_node().fingerprint();
        Story other;
        (void)other.boot();
        (void)other.conclude(std::nullopt);
        (void)other.roll_back();
        (void)other.boot();
        CHECK(code_of([&] { (void)other.roll_back(); }) == 3);
        CHECK(story.test_node().fingerprint() == before);
    }
    SECTION("the other slot's boot image is damaged behind its headers") {
        (void)story.boot();
        (void)story.conclude(std::nullopt);
        const std::string path = story.test_node().entries_directory() + "/node_1.0.0.efi";
        const UniqueFd fd = open_file(path, O_RDWR);
        const std::uint64_t place = size_of(fd, path) - 10;
        pwrite_all(fd, Bytes(1, std::uint8_t{0xff}), place, path);
        const std::string before = story.test_node().fingerprint();
        CHECK(code_of([&] { (void)story.roll_back(); }) == 3);
        CHECK(story.test_node().fingerprint() == before);
    }
    SECTION("the other slot is damaged") {
        (void)story.boot();
        (void)story.conclude(std::nullopt);
        story.damage('a');
        const std::string before = story.test_node().fingerprint();
        CHECK(code_of([&] { (void)story.roll_back(); }) == 3);
        CHECK(story.test_node().fingerprint() == before);
    }
}

TEST_CASE("a corrupt running system is quarantined and left") {
    Story story;
    (void)story.boot();
    (void)story.conclude(std::nullopt);
    CHECK(story.mark_bad() == "1.0.0");
    CHECK(story.see().next == 'a');
    CHECK(story.state().history.back().outcome == Outcome::corrupted);
    CHECK(story.state().quarantine.size() == 1);
}

TEST_CASE("confirming twice is nothing to do") {
    Story story;
    (void)story.boot();
    CHECK(story.confirm() == "2.0.0");
    CHECK(code_of([&] { (void)story.confirm(); }) == 4);
}

TEST_CASE("a try without its data partition has a fault, a whole one has none") {
    Story story;
    (void)story.boot();
    const Node node = Node::open(story.test_node().options(), false);
    BootReport report;
    report.slot = 'b';
    report.root_hash = *node.slot('b').root_hash;
    report.data_mounted = true;
    CHECK_FALSE(boot_fault(node, report));
    report.data_mounted = false;
    CHECK(boot_fault(node, report));
    report.data_mounted = true;
    report.slot = 'a';
    CHECK(boot_fault(node, report));
}
