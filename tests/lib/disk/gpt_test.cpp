// SPDX-License-Identifier: Apache-2.0
// Reading and making partition tables.
#include "disk/gpt.hpp"

#include "base/error.hpp"
#include "gpt_image.hpp"
#include "support/catch.hpp"

#include <nlohmann/json.hpp>

using namespace quoin;
using namespace quoin::test;

TEST_CASE("a table made for an image is the one that was asked for") {
    const unsigned sector_size = GENERATE(512U, 4096U);
    CAPTURE(sector_size);
    const GptImage image(sector_size);
    const GptTable table = image.read();
    CHECK(table.sector_size == sector_size);
    CHECK(table.disk_uuid == uuid("12345678-9abc-4def-8123-456789abcdef"));
    CHECK(same(table.partitions, example_partitions()));
    CHECK((table.health.primary && table.health.backup && table.health.agree));
}

TEST_CASE("sfdisk sees the table that was asked for") {
    const std::string sfdisk = find_program("sfdisk");
    if (sfdisk.empty())
        return;
    const GptImage image;
    const auto json = nlohmann::json::parse(run_checked({sfdisk, "-J", image.path()}));
    const auto& table = json.at("partitiontable");
    CHECK(table.at("id") == "12345678-9ABC-4DEF-8123-456789ABCDEF");
    REQUIRE(table.at("partitions").size() == example_partitions().size());
    std::size_t i = 0;
    for (const Partition& partition : example_partitions()) {
        const auto& seen = table.at("partitions").at(i++);
        CAPTURE(seen.dump());
        CHECK(Uuid::parse(seen.at("uuid").get<std::string>()) == partition.uuid);
        CHECK(Uuid::parse(seen.at("type").get<std::string>()) == partition.type);
        CHECK(seen.value("name", "") == partition.label);
        CHECK(seen.at("start").get<std::uint64_t>() * 512 == partition.start);
        CHECK(seen.at("size").get<std::uint64_t>() * 512 == partition.size);
    }
    CHECK(table.at("partitions").at(1).at("attrs") == "GUID:60");
    CHECK(table.at("partitions").at(3).at("attrs") == "GUID:60,63");
    CHECK(table.at("partitions").at(5).at("attrs") == "GUID:59");
}

TEST_CASE("a table that sfdisk made is read, gaps in the numbers and all") {
    const std::string sfdisk = find_program("sfdisk");
    if (sfdisk.empty())
        return;
    const Scratch scratch;
    const std::string path = scratch.create("disk", 4 << 20);
    ProcessOptions options;
    options.environment = {{"LC_ALL", "C.UTF-8"}};
    options.input = "label: gpt\n"
                    "7 : start=4096, size=8, type=linux, name=\"gr\xc3\xbc\xc3\x9f\", "
                    "uuid=00112233-4455-6677-8899-AABBCCDDEEFF\n"
                    "2 : start=2048, size=2048, type=uefi\n";
    run_checked({sfdisk, "--quiet", path}, options);
    const UniqueFd fd = open_file(path, O_RDONLY);
    const GptTable table = read_gpt(fd, path);
    REQUIRE(table.partitions.size() == 2);
    CHECK(table.partitions[0].number == 2);
    CHECK(table.partitions[0].type == esp_type());
    CHECK(table.partitions[0].start == std::uint64_t{2048} * 512);
    CHECK(table.partitions[0].size == std::uint64_t{2048} * 512);
    CHECK(table.partitions[1].number == 7);
    CHECK(table.partitions[1].label == "gr\xc3\xbc\xc3\x9f");
    CHECK(table.partitions[1].uuid == uuid("00112233-4455-6677-8899-aabbccddeeff"));
}

TEST_CASE("making the same table twice gives the same bytes") {
    CHECK((GptImage().content() == GptImage().content()));
}

TEST_CASE("a partition that does not fit is refused") {
    const Scratch scratch;
    const std::string path = scratch.create("disk", gpt_image_size);
    const auto make = [&](const std::string& label, std::uint64_t start, std::uint64_t size) {
        create_gpt(path, 512, Uuid{}, {{1, esp_type(), Uuid{}, label, 0, start, size}});
    };
    CHECK_THROWS_AS(make("a", 1 << 20, gpt_image_size - (1 << 20)), Error);
    CHECK_THROWS_AS(make("a", 1 << 20, 0), Error);
    CHECK_THROWS_AS(make("a", (1 << 20) + 1, 512), Error);
    CHECK_THROWS_AS(make("a", 512, 512), Error);
    CHECK_THROWS_AS(make("a", ~std::uint64_t{511}, 512), Error);
    CHECK_THROWS_AS(make(std::string(37, 'a'), 1 << 20, 512), Error);
    CHECK_NOTHROW(make(std::string(36, 'a'), 1 << 20, 512));
}

TEST_CASE("with any byte of the primary flipped the backup is read") {
    const GptImage image;
    const auto check = [&](std::uint64_t offset) {
        CAPTURE(offset);
        image.flip(offset);
        const GptTable table = image.read();
        CHECK_FALSE(table.health.primary);
        CHECK(table.health.backup);
        CHECK_FALSE(table.health.agree);
        CHECK(same(table.partitions, example_partitions()));
        image.flip(offset);
    };
    for (std::uint64_t i = 0; i < sizeof(GptHeader); ++i)
        check(primary_header_at + i);
    for (std::uint64_t i = 0; i < 6 * sizeof(GptEntry); ++i)
        check(1024 + i);
    for (std::uint64_t i = 6 * sizeof(GptEntry); i < 16384; i += 97)
        check(1024 + i);
    CHECK(image.read().health.agree);
}

TEST_CASE("a damaged backup is noticed, both damaged are refused") {
    const GptImage image;
    image.flip(backup_header_at + 16);
    CHECK(image.read().health.primary);
    CHECK_FALSE(image.read().health.backup);
    image.flip(primary_header_at + 16);
    CHECK_THROWS_AS(image.read(), Error);
}

TEST_CASE("files without a table are refused, however short") {
    const Scratch scratch;
    for (const unsigned size : {0U, 1U, 511U, 512U, 1023U, 1024U, 1536U, 4096U, 8192U, 1U << 20}) {
        const std::string path = scratch.create("disk", size);
        const UniqueFd fd = open_file(path, O_RDONLY);
        CHECK_THROWS_AS(read_gpt(fd, path), Error);
    }
}

TEST_CASE("an image cut short is refused") {
    const GptImage image;
    for (const std::uint64_t size :
         {gpt_image_size - 512, gpt_image_size / 2, std::uint64_t{1024}}) {
        REQUIRE(truncate(image.path().c_str(), static_cast<off_t>(size)) == 0);
        CHECK_THROWS_AS(image.read(), Error);
    }
}

TEST_CASE("the backup of a disk that has grown is found where the primary says") {
    const GptImage image;
    REQUIRE(truncate(image.path().c_str(), 2 * gpt_image_size) == 0);
    CHECK(image.read().health.agree);
    image.flip(1024); // a torn array: its header still tells the place
    const GptTable table = image.read();
    CHECK_FALSE(table.health.primary);
    CHECK(table.health.backup);
    CHECK(same(table.partitions, example_partitions()));
}

TEST_CASE("a table with fitting checksums and an impossible content is refused") {
    struct Lie {
        const char* what;
        void (*tell)(GptHeader& header, Bytes& array);
    };
    const auto lie = GENERATE(
        Lie{"revision", [](GptHeader& h, Bytes&) { h.revision = 0x00020000; }},
        Lie{"header too short", [](GptHeader& h, Bytes&) { h.header_size = 91; }},
        Lie{"header longer than a sector", [](GptHeader& h, Bytes&) { h.header_size = 513; }},
        Lie{"header of 4 GiB", [](GptHeader& h, Bytes&) { h.header_size = 0xffffffff; }},
        Lie{"another place", [](GptHeader& h, Bytes&) { h.my_lba = 2; }},
        Lie{"backup at the end of time", [](GptHeader& h, Bytes&) { h.alternate_lba = ~0ULL; }},
        Lie{"backup in a partition", [](GptHeader& h, Bytes&) { h.alternate_lba = 2100; }},
        Lie{"no usable sector", [](GptHeader& h, Bytes&) { h.first_usable_lba = ~0ULL; }},
        Lie{"usable sectors behind the end",
            [](GptHeader& h, Bytes&) { h.last_usable_lba = gpt_image_size / 512; }},
        Lie{"array in the header", [](GptHeader& h, Bytes&) { h.entries_lba = 1; }},
        Lie{"array in a partition", [](GptHeader& h, Bytes&) { h.entries_lba = 2048; }},
        Lie{"array behind the end", [](GptHeader& h, Bytes&) { h.entries_lba = ~0ULL; }},
        Lie{"entries of 0 bytes", [](GptHeader& h, Bytes&) { h.entry_size = 0; }},
        Lie{"entries of 64 bytes", [](GptHeader& h, Bytes&) { h.entry_size = 64; }},
        Lie{"entries of 192 bytes", [](GptHeader& h, Bytes&) { h.entry_size = 192; }},
        Lie{"entries of 2 GiB", [](GptHeader& h, Bytes&) { h.entry_size = 0x80000000; }},
        Lie{"no entries", [](GptHeader& h, Bytes&) { h.entry_count = 0; }},
        Lie{"4 G entries", [](GptHeader& h, Bytes&) { h.entry_count = 0xffffffff; }},
        Lie{"a partition over the header", [](GptHeader&, Bytes& a) { a[32] = a[33] = 0; }},
        Lie{"a partition behind the end", [](GptHeader&, Bytes& a) { a[40 + 7] = 0x80; }},
        Lie{"a partition that ends first", [](GptHeader&, Bytes& a) { a[40] = a[41] = 0; }},
        Lie{"partitions that overlap", [](GptHeader&, Bytes& a) { a[40] = 0, a[41] = 0x09; }});
    CAPTURE(lie.what);
    const GptImage image;
    image.flip(backup_header_at);
    CHECK(image.read().health.primary);
    image.forge(primary_header_at, lie.tell);
    CHECK_THROWS_AS(image.read(), Error);
}

TEST_CASE("labels are read as UTF-16, and what is not reads as replacement characters") {
    const GptImage image;
    image.flip(backup_header_at);
    image.forge(primary_header_at, [](GptHeader&, Bytes& array) {
        const auto set = [&array](std::size_t entry, const std::vector<std::uint16_t>& units) {
            std::size_t at = entry * sizeof(GptEntry) + offsetof(GptEntry, label);
            for (const std::uint16_t unit : units) {
                array[at++] = static_cast<std::uint8_t>(unit);
                array[at++] = static_cast<std::uint8_t>(unit >> 8);
            }
        };
        set(0, {0x20ac, 0xd83e, 0xddf1, 0});                      // a pair
        set(1, {'a', 0xd800, 'b', 0xdc00, 0xd800, 0, 'c'});       // halves of pairs
        std::vector<std::uint16_t> endless(max_label_units, 'x'); // ends with half a pair
        endless.back() = 0xd83e;
        set(2, endless);
    });
    const GptTable table = image.read();
    const std::string replacement = "\xef\xbf\xbd";
    CHECK(table.partitions[0].label == "\xe2\x82\xac\xf0\x9f\xa7\xb1");
    CHECK(table.partitions[1].label == "a" + replacement + "b" + replacement + replacement);
    CHECK(table.partitions[2].label == std::string(35, 'x') + replacement);
}

TEST_CASE("the length of a label is counted in UTF-16 units") {
    CHECK(utf16_length("") == 0);
    CHECK(utf16_length("node_1.0.0_verity") == 17);
    CHECK(utf16_length("\xc3\xbc") == 1);          // two bytes
    CHECK(utf16_length("\xe2\x82\xac") == 1);      // three bytes
    CHECK(utf16_length("\xf0\x9f\xa7\xb1x") == 3); // a pair
    CHECK(utf16_length("\xff\xc3x\x80") == 4);     // four bytes that are not UTF-8
    CHECK(utf16_length("\xf0\x9f") == 2);          // cut short
}

TEST_CASE("an architecture without partition types is refused") {
    CHECK(partition_types("arm64").root == uuid("b921b045-1df0-41c3-af44-4c6f280d3fae"));
    CHECK_THROWS_AS(partition_types("riscv64"), Error);
}
