// SPDX-License-Identifier: Apache-2.0
// The power goes at every single change that an install makes: from the chosen one on nothing
// reaches the disk any more.
#include "agent/steps/write_slot.hpp"
#include "base/error.hpp"
#include "fault_switch.hpp"
#include "release_fixture.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>

using namespace quoin;
using namespace quoin::test;

namespace {

constexpr std::uint64_t merged_gap = 64 << 10; ///< fetched rather than asked around

/// How much of the release's root lies in slot b, chunk by chunk.
std::uint64_t bytes_there(const TestNode& node, const Release& release) {
    const Node open = Node::open(node.options(), false);
    const Region slot = open.root_region(open.slot('b'));
    std::uint64_t there = 0;
    std::uint64_t place = 0;
    Bytes content;
    for (const Chunk& chunk : release.index.root) {
        there += holds_chunk(slot, place, chunk, content) ? chunk.size : 0;
        place += chunk.size;
    }
    return there;
}

/// After a cut: the old system is whole; whatever the loader may start is whole; the next install
/// ends with the release armed and fetches nothing that is there. Returns how much was there.
std::uint64_t check_after_cut(const TestNode& node, const Release& release) {
    node.check_running_untouched();
    node.check_startable_entries();
    const std::uint64_t there = bytes_there(node, release);
    try {
        const InstallReport report = node.install(release.bundle);
        if (report.bytes_fetched + there > std::filesystem::file_size(release.bundle) + merged_gap)
            throw Error("the second install fetched what the first one had written");
    } catch (const Error& e) {
        if (e.code() != ErrorCode::nothing_to_do)
            throw;
    }
    node.check_armed(release);
    node.check_running_untouched();
    return there;
}

void cut_everywhere(const TestNode& node, const Release& release, Fault cut) {
    no_faults();
    (void)node.install(release.bundle);
    const long changes = changes_made();
    node.restore();
    REQUIRE(changes > 20);
    std::uint64_t most_there = 0;
    for (long n = 0; n < changes; ++n) {
        INFO("power goes at change " << n << " of " << changes);
        plan_fault(cut, n);
        CHECK_THROWS_AS(node.install(release.bundle), Error);
        no_faults();
        CHECK_NOTHROW(most_there = std::max(most_there, check_after_cut(node, release)));
        node.restore();
    }
    CHECK(most_there > 2 * merged_gap);
}

} // namespace

TEST_CASE("a power cut before any change of an install leaves the old system, then the new one") {
    const ReleaseContent old = content("1.0.0", 1, 12);
    const TestNode node(old);
    cut_everywhere(node, node.release(content("2.0.0", 2, 12)), Fault::power_before);
}

TEST_CASE("a power cut within any change of an install leaves the old system, then the new one") {
    const ReleaseContent old = content("1.0.0", 1, 12);
    const TestNode node(old);
    ReleaseContent made = old;
    made.version = "1.1.0";
    made.chunks[5] = noise(55, 20000);
    cut_everywhere(node, node.release(made), Fault::power_within);
}

TEST_CASE("a power cut while a filled slot is taken over leaves the old system") {
    const TestNode node(content("1.0.0", 1, 12));
    const Release second = node.release(content("2.0.0", 2, 12));
    const Release third = node.release(content("3.0.0", 3, 12));
    const auto prepare = [&] {
        (void)node.install(second.bundle);
        const std::string entries = node.entries_directory() + "/";
        REQUIRE(std::rename((entries + second.entry_name()).c_str(),
                            (entries + "node_2.0.0+0-3.efi").c_str()) == 0);
    };
    for (long n = 0; n < 30; ++n) {
        node.restore();
        prepare();
        INFO("power goes at change " << n);
        plan_fault(Fault::power_before, n);
        CHECK_THROWS_AS(node.install(third.bundle), Error);
        no_faults();
        CHECK_NOTHROW(check_after_cut(node, third));
    }
}
