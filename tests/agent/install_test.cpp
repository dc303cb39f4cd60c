// SPDX-License-Identifier: Apache-2.0
// Whole installs from local bundles onto a real image file.
#include "agent/bootloaders/systemd_boot.hpp"
#include "agent/state.hpp"
#include "base/error.hpp"
#include "release_fixture.hpp"
#include "support/catch.hpp"

#include <csignal>
#include <filesystem>

using namespace quoin;
using namespace quoin::test;
namespace fs = std::filesystem;

namespace {

/// The second release: a few chunks of the first one replaced, one of them by a longer one, so that
/// everything behind it moves.
ReleaseContent changed(const ReleaseContent& old, const std::string& version) {
    ReleaseContent made = old;
    made.version = version;
    made.generations.assign(made.chunks.size(), 1);
    for (const std::size_t i : {std::size_t{3}, std::size_t{4}, std::size_t{30}}) {
        made.chunks[i] = noise(7000 + i, made.chunks[i].size() + 17);
        made.generations[i] = 0;
    }
    return made;
}

ErrorCode refusal(const TestNode& node, const std::string& bundle) {
    const std::string before = node.fingerprint();
    ErrorCode code = ErrorCode::failed;
    try {
        (void)node.install(bundle);
        FAIL("installed");
    } catch (const Error& e) {
        code = e.code();
        INFO(e.what());
        CHECK(std::string(e.what()).find('\n') == std::string::npos);
    }
    CHECK(node.fingerprint() == before);
    return code;
}

void flip(const std::string& path, std::uint64_t offset) {
    const UniqueFd fd = open_file(path, O_RDWR);
    Bytes byte(1);
    pread_exact(fd, byte, offset, path);
    byte[0] ^= 1;
    pwrite_all(fd, byte, offset, path);
}

const ReleaseContent first = content("1.0.0", 1);

} // namespace

TEST_CASE("a release that shares nothing is installed whole") {
    const TestNode node(first);
    ReleaseContent made = content("2.0.0", 2);
    made.kernel_seed = 2;
    const Release next = node.release(made);
    const InstallReport report = node.install(next.bundle);
    CHECK_NOTHROW(node.check_armed(next));
    CHECK_NOTHROW(node.check_running_untouched());
    CHECK(report.version == "2.0.0");
    CHECK(report.root_hash == next.manifest.root_hash.hex());
    CHECK(report.bytes_total == next.root.size() + next.uki.size());
    CHECK(report.bytes_fetched <= fs::file_size(next.bundle));
    CHECK(report.bytes_fetched + report.bytes_reused >= report.bytes_total);
    CHECK(report.requests <= 5);

    const AgentState state = AgentState::read(node.options().state);
    REQUIRE(state.attempt);
    CHECK(state.attempt->from_version == "1.0.0");
    CHECK(state.attempt->to_version == "2.0.0");
    CHECK(state.attempt->to_root_hash == report.root_hash);
    CHECK(state.attempt->slot == 'b');
}

TEST_CASE("only what changed is fetched, in a handful of ranges") {
    const TestNode node(first);
    const Release next = node.release(changed(first, "1.1.0"));
    const InstallReport report = node.install(next.bundle);
    CHECK_NOTHROW(node.check_armed(next));
    CHECK_NOTHROW(node.check_running_untouched());
    CHECK(report.bytes_fetched < report.bytes_total / 4);
    CHECK(report.bytes_reused > report.bytes_total * 3 / 4);
    CHECK(report.requests <= 4);
    CHECK(report.bytes_written < next.root.size() + next.uki.size() + std::size_t{64} * 1024);
}

TEST_CASE("a dry run changes nothing and says what an install then takes") {
    const TestNode node(first);
    ReleaseContent made = changed(first, "1.1.0");
    made.kernel_seed = 2;
    const Release next = node.release(made);
    const auto forecast = [&] {
        const Node open = Node::open(node.options(), false);
        const SystemdBoot loader(open.esp_directory());
        InstallOptions options;
        options.source = next.bundle;
        return forecast_install(open, loader, options, {}).estimate;
    };
    const auto check = [&](const InstallEstimate& estimate, const InstallReport& report) {
        CHECK(estimate.bytes_total == report.bytes_total);
        CHECK(estimate.bytes_reused == report.bytes_reused);
        CHECK(estimate.bytes_to_fetch == report.bytes_fetched);
        CHECK(estimate.bytes_to_write == report.bytes_written);
        CHECK(estimate.requests == report.requests);
    };
    SECTION("of an update") {
        const std::string before = node.fingerprint();
        const InstallEstimate estimate = forecast();
        CHECK(node.fingerprint() == before);
        CHECK(fs::is_empty(node.directory() + "/state"));
        CHECK(estimate.bytes_reused > 0);
        check(estimate, node.install(next.bundle));
    }
    SECTION("of one that was interrupted, whose index promises more than is there") {
        const auto stop = [](const std::string& step, std::uint64_t done, std::uint64_t whole) {
            if (step == "writing" && done > whole - 20000)
                throw Error("stopped by the test");
        };
        CHECK_THROWS_AS(node.install(next.bundle, stop), Error);
        const InstallEstimate estimate = forecast();
        CHECK(estimate.bytes_to_write < estimate.bytes_total);
        check(estimate, node.install(next.bundle));
    }
}

TEST_CASE("a release that is armed already is nothing to do") {
    const TestNode node(first);
    const Release next = node.release(changed(first, "1.1.0"));
    (void)node.install(next.bundle);
    CHECK(refusal(node, next.bundle) == ErrorCode::nothing_to_do);
    CHECK(refusal(node, node.running().bundle) != ErrorCode::failed);
}

TEST_CASE("refused releases leave disk and ESP as they were") {
    const TestNode node(first);
    ReleaseContent made = content("2.0.0", 2);
    SECTION("signed by an unknown key") {
        CHECK(refusal(node, node.release(made, false).bundle) == ErrorCode::refused);
    }
    SECTION("older") {
        made.version = "0.9.0";
        CHECK(refusal(node, node.release(made).bundle) == ErrorCode::refused);
    }
    SECTION("the same version with another content") {
        made.version = "1.0.0";
        CHECK(refusal(node, node.release(made).bundle) == ErrorCode::refused);
    }
    SECTION("for another architecture") {
        made.architecture = "arm64";
        CHECK(refusal(node, node.release(made).bundle) == ErrorCode::refused);
    }
    SECTION("for a newer agent") {
        made.minimum_agent = "99";
        CHECK(refusal(node, node.release(made).bundle) == ErrorCode::refused);
    }
    SECTION("too large for the slot") {
        made = content("2.0.0", 2, 250);
        CHECK(refusal(node, node.release(made).bundle) == ErrorCode::refused);
    }
    SECTION("quarantined") {
        const Release next = node.release(made);
        AgentState state;
        state.quarantine.push_back({"2.0.0", next.manifest.root_hash.hex(), "it panicked", 0});
        state.write(node.options().state);
        CHECK(refusal(node, next.bundle) == ErrorCode::refused);
        InstallOptions insist;
        insist.source = next.bundle;
        insist.allow_quarantined = true;
        CHECK_NOTHROW(node.install(insist));
    }
    SECTION("what is running already") {
        CHECK(refusal(node, node.running().bundle) == ErrorCode::nothing_to_do);
    }
    SECTION("not a bundle") {
        CHECK(refusal(node, node.image()) == ErrorCode::refused);
    }
    SECTION("not there") {
        CHECK(refusal(node, node.directory() + "/none.quoin") == ErrorCode::failed);
    }
}

TEST_CASE(
    "a bundle cut off anywhere in its head or index, or short of data, is refused untouched") {
    const TestNode node(first);
    const Release next = node.release(content("2.0.0", 2));
    const Bytes whole = read_file(next.bundle, 64 << 20);
    for (const std::uint64_t size :
         {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{63}, std::uint64_t{64},
          std::uint64_t{200}, std::uint64_t{1500}, whole.size() / 2, whole.size() - 1}) {
        fs::resize_file(next.bundle, size);
        INFO("cut to " << size);
        CHECK(refusal(node, next.bundle) == ErrorCode::refused);
    }
}

TEST_CASE("a flipped byte in head or index is refused before anything is written") {
    const TestNode node(first);
    const Release next = node.release(content("2.0.0", 2));
    for (std::uint64_t offset = 0; offset < next.data_offset(); offset += 37) {
        INFO("byte " << offset);
        flip(next.bundle, offset);
        CHECK(refusal(node, next.bundle) == ErrorCode::refused);
        flip(next.bundle, offset);
    }
}

TEST_CASE("a damaged block ends the install with the running system untouched and the slot empty") {
    const TestNode node(first);
    ReleaseContent made = content("2.0.0", 2);
    made.kernel_seed = 2; // or the last chunks would not be fetched
    const Release next = node.release(made);
    const std::uint64_t data = next.data_offset();
    const std::uint64_t data_end = data + next.manifest.data_size;
    for (const std::uint64_t offset : {data + 300000, data + 500000, data_end - 1000}) {
        flip(next.bundle, offset);
        CHECK_THROWS_AS(node.install(next.bundle), Error);
        CHECK_NOTHROW(node.check_running_untouched());
        CHECK(Node::open(node.options(), false).slot('b').empty());
        flip(next.bundle, offset);
    }
    CHECK_NOTHROW(node.install(next.bundle));
    CHECK_NOTHROW(node.check_armed(next));
}

TEST_CASE("an interrupted install goes on with what is already there") {
    const TestNode node(first);
    const Release next = node.release(content("2.0.0", 2, 150));
    const auto stop_half_way = [](const std::string& step, std::uint64_t done,
                                  std::uint64_t whole) {
        if (step == "writing" && done > whole * 3 / 4)
            throw Error("stopped by the test");
    };
    CHECK_THROWS_AS(node.install(next.bundle, stop_half_way), Error);
    CHECK_NOTHROW(node.check_running_untouched());
    const InstallReport report = node.install(next.bundle);
    CHECK_NOTHROW(node.check_armed(next));
    CHECK(report.bytes_fetched < report.bytes_total * 3 / 4);
}

TEST_CASE("SIGTERM stops an install in order and is an ordinary signal afterwards") {
    const TestNode node(first);
    const Release next = node.release(content("2.0.0", 2));
    struct sigaction before {};
    sigaction(SIGTERM, nullptr, &before);
    const auto interrupt = [](const std::string& step, std::uint64_t, std::uint64_t) {
        if (step == "reading back")
            std::raise(SIGTERM);
    };
    try {
        (void)node.install(next.bundle, interrupt);
        FAIL("not stopped");
    } catch (const Error& e) {
        CHECK(e.code() == ErrorCode::cancelled);
    }
    struct sigaction now {};
    sigaction(SIGTERM, nullptr, &now);
    CHECK(now.sa_handler == before.sa_handler);
    CHECK_NOTHROW(node.check_running_untouched());
    CHECK_NOTHROW(node.install(next.bundle));
    CHECK_NOTHROW(node.check_armed(next));
}

TEST_CASE("a local block that went bad is fetched instead") {
    const TestNode node(first);
    const Release next = node.release(changed(first, "1.1.0"));
    {
        const Node open = Node::open(node.options(), true);
        const Region root = open.root_region(open.slot('a'));
        root.write(noise(1, 100), 100000);
    }
    CHECK_NOTHROW(node.install(next.bundle));
    CHECK_NOTHROW(node.check_armed(next));
}

TEST_CASE("a damaged running boot image only costs bytes") {
    const TestNode node(first);
    const Release next = node.release(changed(first, "1.1.0"));
    const std::uint64_t place = node.running().uki.size() / 2;
    flip(node.entries_directory() + "/node_1.0.0.efi", place);
    CHECK_NOTHROW(node.install(next.bundle));
    CHECK_NOTHROW(node.check_armed(next));
}

TEST_CASE("a node that lost its index fetches everything and is right all the same") {
    const TestNode node(first);
    const Release next = node.release(changed(first, "1.1.0"));
    {
        const Node open = Node::open(node.options(), true);
        const Region verity = open.verity_region(open.slot('a'));
        verity.write(Bytes(4096), verity.size() - 4096);
    }
    const InstallReport report = node.install(next.bundle);
    CHECK_NOTHROW(node.check_armed(next));
    CHECK(report.bytes_fetched >= report.bytes_total);
}

TEST_CASE("a third release replaces an unwanted second one and reuses its blocks in place") {
    const TestNode node(first);
    const ReleaseContent second = content("2.0.0", 2);
    const Release next = node.release(second);
    (void)node.install(next.bundle);
    // Back on the first system: its entry is the only one that the loader lists.
    fs::rename(node.entries_directory() + "/" + next.entry_name(),
               node.entries_directory() + "/node_2.0.0+0-3.efi");
    ReleaseContent made = second;
    made.version = "2.1.0";
    made.chunks.back() = noise(5, 3000);
    const Release third = node.release(made);
    const InstallReport report = node.install(third.bundle);
    CHECK_NOTHROW(node.check_armed(third));
    CHECK_NOTHROW(node.check_running_untouched());
    CHECK_FALSE(fs::exists(node.entries_directory() + "/node_2.0.0+0-3.efi"));
    CHECK(report.bytes_written < third.root.size() / 2 + third.uki.size());
}

TEST_CASE("an unconfirmed system is not updated over the one it would fall back to") {
    const TestNode node(first);
    const Release next = node.release(content("2.0.0", 2));
    (void)node.install(next.bundle);
    CHECK(refusal(node, node.release(content("3.0.0", 3)).bundle) == ErrorCode::refused);
}
