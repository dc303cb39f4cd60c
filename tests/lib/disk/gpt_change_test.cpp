// SPDX-License-Identifier: Apache-2.0
// Healing and changing partition tables, also through power cuts.
#include "disk/gpt.hpp"

#include "base/error.hpp"
#include "gpt_image.hpp"
#include "recorded_writes.hpp"
#include "support/catch.hpp"

using namespace quoin;
using namespace quoin::test;

namespace {

/// What arming slot b changes.
const std::vector<PartitionChange>& arming() {
    static const std::vector<PartitionChange> changes = {
        {4, "node_2.0.0", uuid("fedcba98-7654-4210-8765-432100000001")},
        {5, "node_2.0.0_verity", uuid("fedcba98-7654-4210-8765-432100000002")}};
    return changes;
}

std::vector<Partition> armed_partitions() {
    auto partitions = example_partitions();
    for (const PartitionChange& change : arming()) {
        partitions[change.number - 1].label = change.label;
        partitions[change.number - 1].uuid = change.uuid;
    }
    return partitions;
}

} // namespace

TEST_CASE("healing restores a damaged copy to the byte") {
    const auto offset = GENERATE(as<std::uint64_t>{}, primary_header_at + 3, 1024 + 56,
                                 backup_header_at + 3, backup_header_at - 16384 + 56);
    const GptImage image;
    const Bytes intact = image.content();
    CHECK_FALSE(heal_gpt(image.fd(), image.path()));
    image.flip(offset);
    CHECK(heal_gpt(image.fd(), image.path()));
    CHECK((image.content() == intact));
    CHECK_FALSE(heal_gpt(image.fd(), image.path()));
}

TEST_CASE("healing restores whole copies that were wiped") {
    const std::uint64_t offset = GENERATE(as<std::uint64_t>{}, 512, backup_header_at - 16384);
    const unsigned sector_size = GENERATE(512U, 4096U);
    const GptImage image(sector_size);
    const Bytes intact = image.content();
    const auto length = std::min<std::uint64_t>(sector_size + 16384, gpt_image_size - offset);
    image.write(Bytes(length), offset);
    CHECK(heal_gpt(image.fd(), image.path()));
    CHECK((image.content() == intact));
}

TEST_CASE("a power cut while healing leaves the intact copy readable") {
    const GptImage image;
    image.flip(1024);
    const Bytes before = image.content();
    const auto writes = record_writes([&] { heal_gpt(image.fd(), image.path()); });
    CHECK(writes.size() == 2);
    for_each_cut(before, writes, [&](const Bytes& state) {
        image.write(state);
        CHECK(same(image.read().partitions, example_partitions()));
    });
}

TEST_CASE("of two intact copies that disagree the primary wins") {
    const GptImage image;
    const Bytes intact = image.content();
    image.forge(backup_header_at, [](GptHeader&, Bytes& array) { array[56] = 'E'; });
    const GptTable table = image.read();
    CHECK((table.health.primary && table.health.backup && !table.health.agree));
    CHECK(same(table.partitions, example_partitions()));
    CHECK(heal_gpt(image.fd(), image.path()));
    CHECK((image.content() == intact));
}

TEST_CASE("the backup of a disk that has grown moves to its end, also through power cuts") {
    const GptImage image;
    REQUIRE(truncate(image.path().c_str(), 2 * gpt_image_size) == 0);
    const auto damage = GENERATE(as<std::uint64_t>{}, 0, backup_header_at, 1024);
    if (damage != 0)
        image.flip(damage);
    const Bytes before = image.content();
    const auto writes =
        record_writes([&] { CHECK(heal_gpt(image.fd(), image.path()) == (damage != 0)); });
    const Bytes healed = image.content();
    for_each_cut(before, writes, [&](const Bytes& state) {
        image.write(state);
        CHECK(same(image.read().partitions, example_partitions()));
        (void)heal_gpt(image.fd(), image.path());
        CHECK((image.content() == healed));
    });
    // The primary's array torn: what lies in the last sector is all that firmware looks at.
    image.flip(1024);
    image.write(Bytes(512), primary_header_at);
    CHECK(same(image.read().partitions, example_partitions()));
}

TEST_CASE("changing names and UUIDs gives the bytes that sfdisk would write") {
    const std::string sfdisk = find_program("sfdisk");
    if (sfdisk.empty())
        return;
    const GptImage image;
    const std::string copy = image.scratch().write("copy", image.content());
    for (const PartitionChange& change : arming()) {
        const std::string number = std::to_string(change.number);
        run_checked({sfdisk, "--quiet", "--part-label", copy, number, change.label});
        run_checked({sfdisk, "--quiet", "--part-uuid", copy, number, change.uuid.text()});
    }
    change_partitions(image.fd(), image.path(), arming());
    CHECK((image.content() == content_of(copy)));
    CHECK(same(image.read().partitions, armed_partitions()));
}

TEST_CASE("a shorter label leaves nothing of the longer one") {
    const GptImage image;
    const Uuid uuid = example_partitions()[2].uuid;
    change_partitions(image.fd(), image.path(), {{3, "x", uuid}});
    CHECK(image.read().partitions[2].label == "x");
    change_partitions(image.fd(), image.path(), {{3, "", uuid}});
    CHECK(image.read().partitions[2].label.empty());
    change_partitions(image.fd(), image.path(), {{3, "node_1.0.0_verity", uuid}});
    CHECK((image.content() == GptImage().content()));
}

TEST_CASE("a power cut while a table is changed leaves the old or the new one") {
    const unsigned sector_size = GENERATE(512U, 4096U);
    const GptImage image(sector_size);
    const Bytes before = image.content();
    const auto writes =
        record_writes([&] { change_partitions(image.fd(), image.path(), arming()); });
    const Bytes after = image.content();

    // Backup array, backup header, primary array, primary header.
    REQUIRE(writes.size() == 4);
    CHECK(writes[0].offset == gpt_image_size - sector_size - 16384);
    CHECK(writes[1].offset == gpt_image_size - sector_size);
    CHECK(writes[2].offset == std::uint64_t{2} * sector_size);
    CHECK(writes[3].offset == sector_size);

    bool seen_new = false;
    for_each_cut(before, writes, [&](const Bytes& state) {
        image.write(state);
        const GptTable table = image.read();
        const bool is_old = same(table.partitions, example_partitions());
        const bool is_new = same(table.partitions, armed_partitions());
        CHECK((is_old || is_new));
        CHECK_FALSE((seen_new && is_old)); // once new, it stays new
        seen_new = is_new;

        // What the agent does at its next start: heal, and later try again.
        heal_gpt(image.fd(), image.path());
        CHECK((image.content() == (is_old ? before : after)));
        change_partitions(image.fd(), image.path(), arming());
        CHECK((image.content() == after));
    });
    CHECK(seen_new);
}

TEST_CASE("a table with a torn copy is healed before it is changed") {
    const GptImage image;
    change_partitions(image.fd(), image.path(), arming());
    const Bytes armed = image.content();

    const GptImage torn;
    torn.flip(GENERATE(as<std::uint64_t>{}, 1024, backup_header_at));
    const Bytes before = torn.content();
    const auto writes = record_writes([&] { change_partitions(torn.fd(), torn.path(), arming()); });
    CHECK((torn.content() == armed));
    for_each_cut(before, writes, [&](const Bytes& state) {
        torn.write(state);
        CHECK_NOTHROW(torn.read());
    });
}

TEST_CASE("a change that cannot be made is refused before the first write") {
    const GptImage image;
    image.flip(1024); // would be healed first
    const auto change = GENERATE(
        PartitionChange{4, std::string(37, 'a'), Uuid{}}, PartitionChange{4, "\xc3\xbc", Uuid{}},
        PartitionChange{4, std::string("a\0b", 3), Uuid{}}, PartitionChange{0, "a", Uuid{}},
        PartitionChange{7, "a", Uuid{}}, PartitionChange{129, "a", Uuid{}});
    const auto writes = record_writes([&] {
        CHECK_THROWS_AS(change_partitions(image.fd(), image.path(), {arming()[0], change}), Error);
    });
    CHECK(writes.empty());
}
