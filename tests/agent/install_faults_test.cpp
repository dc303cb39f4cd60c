// SPDX-License-Identifier: Apache-2.0
// The power goes at every single change that an install makes: from the chosen one on nothing
// reaches the disk any more.
#include "agent/bootloaders/systemd_boot.hpp"
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

/// Size of the chunks of `wanted` that `running` has not and that lie in `place` where they belong.
std::uint64_t bytes_there(const Region& place, const std::vector<Chunk>& wanted,
                          const std::vector<Chunk>& running) {
    std::uint64_t there = 0;
    std::uint64_t offset = 0;
    Bytes content;
    for (const Chunk& chunk : wanted) {
        const bool is_new = std::none_of(running.begin(), running.end(), [&](const Chunk& other) {
            return other.hash == chunk.hash;
        });
        if (is_new && holds_chunk(place, offset, chunk, content))
            there += chunk.size;
        offset += chunk.size;
    }
    return there;
}

/// That of slot b, and of its boot image.
std::uint64_t bytes_there(const TestNode& node, const Release& release) {
    const SlotIndex& running = node.running().index;
    const Node open = Node::open(node.options(), false);
    const Region slot = open.root_region(open.slot('b'));
    std::uint64_t there = bytes_there(slot, release.index.root, running.root);

    const std::string path = node.entries_directory() + "/" + release.entry_name();
    if (std::filesystem::exists(path)) {
        const UniqueFd image = open_file(path, O_RDONLY);
        const Region all(image, 0, size_of(image, path), path);
        there += bytes_there(all, release.index.uki, running.uki);
    }
    return there;
}

/// After a cut: the old system is whole; whatever the loader may start is whole; the next install
/// ends with the release armed, without fetching again what is there already. `whole`: bytes that
/// are fetched where nothing is. Returns how much was there.
std::uint64_t check_after_cut(const TestNode& node, const Release& release, std::uint64_t whole) {
    node.check_running_untouched();
    node.check_startable_entries();
    const std::uint64_t there = bytes_there(node, release);
    std::uint64_t fetched = 0;
    try {
        fetched = node.install(release.bundle).bytes_fetched;
    } catch (const Error& e) {
        if (e.code() != ErrorCode::nothing_to_do)
            throw;
    }
    node.check_armed(release);
    node.check_running_untouched();
    if (fetched + there > whole + merged_gap)
        throw Error("what was there is fetched again");
    return there;
}

/// Returns the most that an install found there after a cut.
std::uint64_t cut_everywhere(const TestNode& node, const Release& release, Fault cut) {
    no_faults();
    const std::uint64_t whole = node.install(release.bundle).bytes_fetched;
    const long changes = changes_made();
    node.restore();
    REQUIRE(changes > 20);
    std::uint64_t most_there = 0;
    for (long n = 0; n < changes; ++n) {
        INFO("power goes at change " << n << " of " << changes);
        plan_fault(cut, n);
        CHECK_THROWS_AS(node.install(release.bundle), Error);
        no_faults();
        CHECK_NOTHROW(most_there = std::max(most_there, check_after_cut(node, release, whole)));
        node.restore();
    }
    return most_there;
}

} // namespace

TEST_CASE("a power cut before any change of an install leaves the old system, then the new one") {
    const ReleaseContent old = content("1.0.0", 1, 12);
    const TestNode node(old);
    const Release next = node.release(content("2.0.0", 2, 12));
    CHECK(cut_everywhere(node, next, Fault::power_before) > 2 * merged_gap);
}

TEST_CASE("a power cut within any change of an install leaves the old system, then the new one") {
    const ReleaseContent old = content("1.0.0", 1, 12);
    const TestNode node(old);
    ReleaseContent made = old;
    made.version = "1.1.0";
    made.chunks[5] = noise(55, 20000);
    CHECK(cut_everywhere(node, node.release(made), Fault::power_within) > 0);
}

TEST_CASE("a power cut while the boot image is written costs no more than what was under way") {
    const ReleaseContent old = content("1.0.0", 1, 3);
    const TestNode node(old);
    ReleaseContent made = old;
    made.version = "1.1.0";
    made.chunks[1] = noise(55, 2000);
    made.kernel_seed = 2;
    made.kernel_size = 2'500'000;
    CHECK(cut_everywhere(node, node.release(made), Fault::power_before) > made.kernel_size * 3 / 4);
}

TEST_CASE("a boot image that the medium refused is removed, so that the next gets another place") {
    const TestNode node(content("1.0.0", 1, 3));
    const Release next = node.release(content("2.0.0", 2, 3));
    SystemdBoot loader(node.directory() + "/esp");
    const BootEntryName name{"node", "2.0.0", BootEntryName::Counter{3, 0}};
    const auto stage = [&] {
        loader.stage(name, next.uki.size(), next.manifest.uki_sha256.hex(),
                     [rest = ByteView(next.uki)](ByteSpan buffer) mutable {
                         const std::size_t count = std::min(rest.size(), buffer.size());
                         std::copy_n(rest.begin(), count, buffer.begin());
                         rest = rest.subspan(count);
                         return count;
                     });
    };
    no_faults();
    stage();
    // The last two are the syncs of directory and file system, behind the read-back.
    const long changes = changes_made() - 2;
    REQUIRE(changes > 5);
    for (long n = 0; n < changes; ++n) {
        INFO("change " << n << " of " << changes << " fails");
        std::filesystem::remove(loader.path_of(name));
        plan_fault(Fault::error, n);
        CHECK_THROWS_AS(stage(), Error);
        no_faults();
        CHECK_FALSE(std::filesystem::exists(loader.path_of(name)));
    }
}

TEST_CASE("a power cut while a filled slot is taken over leaves the old system") {
    const TestNode node(content("1.0.0", 1, 12));
    const Release second = node.release(content("2.0.0", 2, 12));
    const Release third = node.release(content("3.0.0", 3, 12));
    const std::uint64_t whole = node.install(third.bundle).bytes_fetched;
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
        CHECK_NOTHROW(check_after_cut(node, third, whole));
    }
}
