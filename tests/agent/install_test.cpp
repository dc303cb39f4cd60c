// SPDX-License-Identifier: Apache-2.0
// Whole installs from local bundles onto a real image file.
#include "agent/bootloaders/systemd_boot.hpp"
#include "agent/state.hpp"
#include "base/error.hpp"
#include "bundle/head.hpp"
#include "release_fixture.hpp"
#include "support/catch.hpp"

#include <csignal>
#include <filesystem>
#include <functional>
#include <set>

using namespace quoin;
using namespace quoin::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
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

void flip(const std::string& path, std::uint64_t offset, unsigned bit = 0) {
    const UniqueFd fd = open_file(path, O_RDWR);
    Bytes byte(1);
    pread_exact(fd, byte, offset, path);
    byte[0] ^= static_cast<std::uint8_t>(1U << bit);
    pwrite_all(fd, byte, offset, path);
}

/// How an install ends that was let begin: the running system untouched, nothing armed.
Error failed_install(const TestNode& node, const std::string& bundle,
                     const InstallObserver& observer = {}) {
    Error problem("installed");
    try {
        (void)node.install(bundle, observer);
        FAIL("installed");
    } catch (const Error& e) {
        problem = e;
    }
    INFO(problem.what());
    CHECK_NOTHROW(node.check_running_untouched());
    CHECK_NOTHROW(node.check_nothing_armed());
    return problem;
}

/// Does `what` when the step "writing" has come so far, once.
InstallObserver while_writing(double so_far, std::function<void()> what) {
    return [=, what = std::move(what), is_done = false](const std::string& step, std::uint64_t done,
                                                        std::uint64_t whole) mutable {
        if (is_done || step != "writing" ||
            static_cast<double>(done) < so_far * static_cast<double>(whole))
            return;
        is_done = true;
        what();
    };
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

TEST_CASE("what is no bundle, or not a trusted one, is named") {
    const TestNode node(first);
    const std::string page = node.directory() + "/page.html";
    replace_file_durably(page, bytes_of("<html>" + std::string(100, ' ') + "log in</html>"));
    const std::string stranger = node.release(content("2.0.0", 2), false).bundle;
    CHECK_THROWS_WITH(node.install(page), "cannot use '" + page + "': not a bundle: wrong magic");
    CHECK_THROWS_WITH(node.install(stranger),
                      StartsWith("cannot use '" + stranger + "': untrusted bundle: "));
}

TEST_CASE("what a trusted manifest says wrongly of its bundle is noticed, at the latest on disk") {
    const TestNode node(first);
    const ReleaseContent honest = content("2.0.0", 2);
    ReleaseContent made = honest;
    std::string found;
    SECTION("the root hash") {
        made.lie = [](Manifest& manifest) { manifest.root_hash = sha256(Bytes(1)); };
        found = "does not hold the release that was written to it";
    }
    SECTION("the boot image's digest") {
        made.lie = [](Manifest& manifest) { manifest.uki_sha256 = sha256(Bytes(1)); };
        found = "boot image";
    }
    SECTION("the salt") {
        made.lie = [](Manifest& manifest) { manifest.salt[31] ^= 1; };
        found = "does not hold the release that was written to it";
    }
    CHECK_THAT(failed_install(node, node.release(made).bundle).what(), Contains(found));
    const Release next = node.release(honest);
    CHECK_NOTHROW(node.install(next.bundle));
    CHECK_NOTHROW(node.check_armed(next));
}

TEST_CASE("a trusted manifest whose sizes are not those of its index is refused") {
    const TestNode node(first);
    ReleaseContent made = content("2.0.0", 2);
    SECTION("a block that is not there") {
        made.lie = [](Manifest& manifest) {
            manifest.root_size += 4096;
            manifest.uki_size -= 4096;
        };
    }
    SECTION("a block that nobody mentions") {
        made.lie = [](Manifest& manifest) {
            manifest.root_size -= 4096;
            manifest.uki_size += 4096;
        };
    }
    CHECK(refusal(node, node.release(made).bundle) == ErrorCode::refused);
}

TEST_CASE("sizes that no slot has are refused, even where the bundle is as long as they say") {
    const TestNode node(first);
    const std::uint64_t honest = node.release(content("2.0.0", 2)).manifest.data_size;
    for (const unsigned bits : {30U, 31U, 32U, 40U, 62U})
        for (const bool of_root : {true, false}) {
            INFO("2^" << bits << (of_root ? " of the root" : " of the boot image"));
            ReleaseContent made = content("2.0.0", 2);
            made.lie = [&](Manifest& manifest) {
                (of_root ? manifest.root_size : manifest.uki_size) = std::uint64_t{1} << bits;
                manifest.data_size = manifest.root_size + manifest.uki_size;
            };
            const Release next = node.release(made);
            CHECK(refusal(node, next.bundle) == ErrorCode::refused);
            if (bits > 40)
                continue; // no file is so long
            fs::resize_file(next.bundle,
                            fs::file_size(next.bundle) + next.manifest.data_size - honest);
            CHECK(refusal(node, next.bundle) == ErrorCode::refused);
        }
}

TEST_CASE("patches, which a later version puts into bundles, are stepped over") {
    const TestNode node(first);
    ReleaseContent made = changed(first, "1.1.0");
    const Bytes patches = noise(7, 3'000'000);
    made.lie = [&](Manifest& manifest) {
        manifest.patches_size = patches.size();
        manifest.patches_sha256 = sha256(patches);
        manifest.patch_index_size = 100'000;
        manifest.patch_index_sha256 = sha256(ByteView(patches).first(100'000));
    };
    const Release next = node.release(made);
    CHECK(refusal(node, next.bundle) == ErrorCode::refused);
    const UniqueFd bundle = open_file(next.bundle, O_WRONLY | O_APPEND);
    write_all(bundle, patches, next.bundle);
    const InstallReport report = node.install(next.bundle);
    CHECK_NOTHROW(node.check_armed(next));
    CHECK(report.bytes_fetched < report.bytes_total / 4);
}

TEST_CASE("a slot that does not keep what was written to it is not armed") {
    const TestNode node(first);
    const Release next = node.release(content("2.0.0", 2));
    const Node open = Node::open(node.options(), false);
    const std::uint64_t place = open.slot('b').root.start;
    for (const std::uint64_t offset : {0U, 4095U, 200000U}) {
        INFO("byte " << offset);
        const auto damage = while_writing(1, [&] { flip(node.image(), place + offset); });
        CHECK_THAT(failed_install(node, next.bundle, damage).what(),
                   Contains("does not hold the release that was written to it"));
        CHECK_NOTHROW(node.install(next.bundle));
        CHECK_NOTHROW(node.check_armed(next));
        node.restore();
    }
}

TEST_CASE("a bundle that is shorter than its manifest says is refused untouched") {
    const TestNode node(first);
    const Release next = node.release(content("2.0.0", 2));
    const std::uint64_t whole = fs::file_size(next.bundle);
    const Bytes head = read_file(next.bundle, 64 << 20);
    const BundleHeader header = BundleHeader::parse(ByteView(head).first(bundle_header_size));
    std::set<std::uint64_t, std::greater<>> sizes{0, 1, 200, whole / 2};
    for (const std::uint64_t boundary :
         {std::uint64_t{bundle_header_size}, bundle_header_size + header.signatures_size,
          header.head_size(), header.data_offset(), header.contents_offset(), whole})
        sizes.insert({boundary - 1, boundary, boundary + 1});
    for (const std::uint64_t size : sizes) {
        if (size == whole)
            continue;
        fs::resize_file(next.bundle, size);
        INFO("resized to " << size << " of " << whole);
        CHECK(refusal(node, next.bundle) == ErrorCode::refused);
    }
}

TEST_CASE("a flipped bit in any byte of head and index is refused before anything is written") {
    const TestNode node(first);
    const Release next = node.release(content("2.0.0", 2, 8));
    const std::string before = node.fingerprint();
    for (std::uint64_t offset = 0; offset < next.data_offset(); ++offset) {
        INFO("byte " << offset);
        const auto bit = static_cast<unsigned>(offset % 8);
        flip(next.bundle, offset, bit);
        try {
            (void)node.install(next.bundle);
            FAIL("installed");
        } catch (const Error& e) {
            REQUIRE(e.code() == ErrorCode::refused);
        }
        flip(next.bundle, offset, bit);
        if (offset % 256 == 0)
            REQUIRE(node.fingerprint() == before);
    }
    CHECK(node.fingerprint() == before);
    CHECK_NOTHROW(node.install(next.bundle));
}

TEST_CASE("a bundle that changes while it is installed is noticed") {
    const TestNode node(first);
    ReleaseContent made = content("2.0.0", 2);
    made.kernel_seed = 2;
    const Release next = node.release(made);
    const Bytes whole = read_file(next.bundle, 64 << 20);
    const std::uint64_t not_read = next.data_offset() + next.manifest.data_size * 3 / 4;
    std::function<void()> change;
    SECTION("overwritten") {
        change = [&] {
            const UniqueFd fd = open_file(next.bundle, O_RDWR);
            pwrite_all(fd, noise(3, whole.size() - not_read), not_read, next.bundle);
        };
    }
    SECTION("cut off") {
        change = [&] { fs::resize_file(next.bundle, not_read); };
    }
    SECTION("emptied") {
        change = [&] { fs::resize_file(next.bundle, 0); };
    }
    CHECK(failed_install(node, next.bundle, while_writing(0.5, change)).code() ==
          ErrorCode::refused);
    replace_file_durably(next.bundle, whole);
    CHECK_NOTHROW(node.install(next.bundle));
    CHECK_NOTHROW(node.check_armed(next));
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
        CHECK(failed_install(node, next.bundle).code() == ErrorCode::refused);
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
    CHECK(report.bytes_fetched < report.bytes_total / 2);
}

TEST_CASE("an interrupted update still copies what the running slot has") {
    const TestNode node(first);
    const Release next = node.release(changed(first, "1.1.0"));
    const auto stop = [] { throw Error("stopped by the test"); };
    CHECK_THROWS_AS(node.install(next.bundle, while_writing(0, stop)), Error);
    const InstallReport report = node.install(next.bundle);
    CHECK_NOTHROW(node.check_armed(next));
    CHECK(report.bytes_fetched < report.bytes_total / 4);
}

TEST_CASE("an interrupted boot image goes on with what is already there") {
    const TestNode node(first);
    ReleaseContent made = changed(first, "1.1.0");
    made.kernel_seed = 2;
    made.kernel_size = 5'000'000;
    const Release next = node.release(made);
    const auto stop = [](const std::string& step, std::uint64_t done, std::uint64_t whole) {
        if (step == "writing the boot image" && done > whole * 3 / 4)
            throw Error("stopped by the test");
    };
    CHECK_THROWS_AS(node.install(next.bundle, stop), Error);
    CHECK_NOTHROW(node.check_running_untouched());
    CHECK_NOTHROW(node.check_startable_entries());

    SECTION("as it was left") {
        InstallOptions options;
        options.source = next.bundle;
        const Node open = Node::open(node.options(), false);
        const InstallForecast forecast =
            forecast_install(open, SystemdBoot(open.esp_directory()), options, {});
        const InstallReport report = node.install(next.bundle);
        CHECK(report.bytes_fetched < made.kernel_size / 2);
        CHECK(report.bytes_fetched == forecast.estimate.bytes_to_fetch);
        CHECK(report.bytes_reused == forecast.estimate.bytes_reused);
    }
    SECTION("with a damaged block, which is fetched") {
        flip(node.entries_directory() + "/" + next.entry_name(), 1'500'000);
        const InstallReport report = node.install(next.bundle);
        CHECK(report.bytes_fetched < made.kernel_size * 3 / 4);
    }
    SECTION("when the running system's boot image cannot be read meanwhile") {
        REQUIRE(std::rename((node.entries_directory() + "/node_1.0.0.efi").c_str(),
                            (node.directory() + "/away.efi").c_str()) == 0);
        CHECK_THROWS_AS(node.install(next.bundle), Error);
        REQUIRE(std::rename((node.directory() + "/away.efi").c_str(),
                            (node.entries_directory() + "/node_1.0.0.efi").c_str()) == 0);
        CHECK_NOTHROW(node.install(next.bundle));
    }
    SECTION("of another release, whose image it then is not") {
        made.version = "1.2.0";
        const Release other = node.release(made);
        CHECK_NOTHROW(node.install(other.bundle));
        CHECK_NOTHROW(node.check_armed(other));
        CHECK_FALSE(fs::exists(node.entries_directory() + "/" + next.entry_name()));
        return;
    }
    CHECK_NOTHROW(node.check_armed(next));
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
