// SPDX-License-Identifier: Apache-2.0
#include "disk/verity.hpp"

#include "base/error.hpp"
#include "base/unnamed_file.hpp"
#include "scratch.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <fcntl.h>

using namespace quoin;

namespace {

constexpr std::size_t block = verity_block_size;

struct Area {
    Bytes bytes;
    Digest root_hash;
};

/// Collects what a sink receives; every block must lie inside and come once.
VerityWriter::BlockSink into(Bytes& area, std::vector<bool>& seen) {
    return [&area, &seen](std::uint64_t offset, ByteView content) {
        REQUIRE(content.size() == block);
        REQUIRE(offset % block == 0);
        REQUIRE(offset + block <= area.size());
        REQUIRE_FALSE(seen[offset / block]);
        seen[offset / block] = true;
        std::copy(content.begin(), content.end(),
                  area.begin() + static_cast<std::ptrdiff_t>(offset));
    };
}

Area write_tree(const VerityParameters& parameters, ByteView data, std::size_t piece) {
    Area area;
    area.bytes.resize(verity_area_size(data.size()), 0xee);
    std::vector<bool> seen(area.bytes.size() / block);
    VerityWriter writer(parameters, data.size(), into(area.bytes, seen));
    for (std::size_t at = 0; at < data.size(); at += piece)
        writer.update(data.subspan(at, std::min(piece, data.size() - at)));
    area.root_hash = writer.finish();
    CHECK(std::all_of(seen.begin(), seen.end(), [](bool once) { return once; }));
    return area;
}

std::string root_hash_line(const std::string& output) {
    const auto at = output.find("Root hash:");
    REQUIRE(at != output.npos);
    return output.substr(output.find_first_of("0123456789abcdef", at + 10), 64);
}

} // namespace

TEST_CASE("our verity tree is byte for byte that of veritysetup") {
    const std::string veritysetup = test::find_program("veritysetup");
    if (veritysetup.empty())
        return;
    const auto blocks = GENERATE(as<std::size_t>{}, 1, 2, 127, 128, 129, 777, 16384, 16385);
    CAPTURE(blocks);
    const auto parameters = VerityParameters::derived_from("node");
    const Bytes data = test::filler(blocks * block);
    const Area ours = write_tree(parameters, data, 100'003);

    const test::Scratch scratch;
    const std::string data_file = scratch.write("data", data);
    const std::string hash_file = scratch.path("hash");
    const std::string output =
        run_checked({veritysetup, "format", data_file, hash_file, "--salt", to_hex(parameters.salt),
                     "--uuid", parameters.uuid.text()});
    CHECK(root_hash_line(output) == ours.root_hash.hex());
    // For a single data block veritysetup leaves the file at the 512 bytes of the superblock's
    // struct.
    Bytes theirs = test::content_of(hash_file);
    theirs.resize(ours.bytes.size());
    CHECK((theirs == ours.bytes));

    const std::string our_file = scratch.write("ours", ours.bytes);
    run_checked({veritysetup, "verify", data_file, our_file, ours.root_hash.hex()});
    CHECK(run_checked({veritysetup, "dump", our_file}).find(parameters.uuid.text()) !=
          std::string::npos);
}

TEST_CASE("a tree of collected leaves is that of the streaming writer") {
    const auto blocks = GENERATE(as<std::size_t>{}, 1, 2, 128, 129, 300, 4500);
    CAPTURE(blocks);
    const auto parameters = VerityParameters::derived_from("node");
    const Bytes data = test::filler(blocks * block);
    const Area streamed = write_tree(parameters, data, 4096);

    VerityLeaves leaves(parameters, unnamed_file(), "leaves");
    for (std::size_t at = 0; at < data.size(); at += 1000)
        leaves.update(ByteView(data).subspan(at, std::min<std::size_t>(1000, data.size() - at)));
    CHECK(leaves.data_size() == data.size());
    Bytes area(verity_area_size(data.size()), 0xee);
    std::vector<bool> seen(area.size() / block);
    CHECK(leaves.finish(into(area, seen)) == streamed.root_hash);
    CHECK((area == streamed.bytes));
    CHECK(leaves.finish({}) == streamed.root_hash);

    VerityWriter root_only(parameters, data.size());
    root_only.update(data);
    CHECK(root_only.finish() == streamed.root_hash);
}

TEST_CASE("leaves can be made anew for blocks written last") {
    const auto parameters = VerityParameters::derived_from("node");
    const std::size_t blocks = 5000; // the first leaves are in the file by then, the last are not
    const Bytes data = test::filler(blocks * block);
    VerityLeaves leaves(parameters, unnamed_file(), "leaves");
    leaves.update(Bytes(2 * block));
    leaves.update(ByteView(data).subspan(2 * block, (blocks - 3) * block));
    leaves.update(Bytes(block));
    for (const std::size_t late : {std::size_t{1}, std::size_t{0}, blocks - 1})
        leaves.rewrite(late * block, ByteView(data).subspan(late * block, block));
    CHECK(leaves.finish({}) == write_tree(parameters, data, 65536).root_hash);

    CHECK_THROWS_AS(leaves.rewrite(blocks * block, ByteView(data).first(block)), Error);
    CHECK_THROWS_AS(leaves.rewrite((blocks - 1) * block, ByteView(data).first(2 * block)), Error);
    CHECK_THROWS_AS(leaves.rewrite(1, ByteView(data).first(block)), Error);
    CHECK_THROWS_AS(leaves.rewrite(0, ByteView(data).first(1)), Error);
}

TEST_CASE("that there is no room for leaves is said with the place") {
    VerityLeaves leaves(VerityParameters::derived_from("node"), open_file("/dev/full", O_RDWR),
                        "temporary file in '/out'");
    CHECK_THROWS_WITH(leaves.update(Bytes(2048 * block)),
                      "cannot write temporary file in '/out': No space left on device");
}

TEST_CASE("a verity tree needs exactly the data that was announced, in whole blocks") {
    const auto parameters = VerityParameters::derived_from("node");
    CHECK_THROWS_AS(verity_area_size(0), Error);
    CHECK_THROWS_AS(verity_area_size(4095), Error);
    CHECK_THROWS_AS(VerityWriter(parameters, 0), Error);

    VerityWriter writer(parameters, 2 * block);
    writer.update(Bytes(block + 1));
    CHECK_THROWS_AS(writer.finish(), Error);
    CHECK_THROWS_AS(writer.update(Bytes(block)), Error);

    VerityLeaves leaves(parameters, unnamed_file(), "leaves");
    CHECK_THROWS_AS(leaves.finish({}), Error);
    leaves.update(Bytes(1));
    CHECK_THROWS_AS(leaves.finish({}), Error);
}

TEST_CASE("the size of a verity area is known without hashing") {
    CHECK(verity_area_size(block) == block);
    CHECK(verity_area_size(2 * block) == 2 * block);
    CHECK(verity_area_size(128 * block) == 2 * block);
    CHECK(verity_area_size(129 * block) == (1 + 2 + 1) * block);
    CHECK(verity_area_size(16385 * block) == (1 + 129 + 2 + 1) * block);
    CHECK(verity_area_size((std::uint64_t{1} << 63)) > (std::uint64_t{1} << 56));
}

TEST_CASE("a verity superblock says what was written, and nothing else is one") {
    const auto parameters = VerityParameters::derived_from("node");
    Bytes area = write_tree(parameters, test::filler(130 * block), 4096).bytes;
    const auto superblock = parse_verity_superblock(area);
    REQUIRE(superblock);
    CHECK(superblock->uuid == parameters.uuid);
    CHECK(superblock->data_blocks == 130);
    CHECK(superblock->salt == Bytes(parameters.salt.begin(), parameters.salt.end()));

    CHECK_FALSE(parse_verity_superblock(ByteView(area).first(511)));
    CHECK_FALSE(parse_verity_superblock(Bytes(block)));
    area[81] = 0xff; // a salt of more than 256 bytes
    CHECK_FALSE(parse_verity_superblock(area));
}

TEST_CASE("salt and identity of a tree come from the image id alone") {
    const auto node = VerityParameters::derived_from("node");
    CHECK(node.salt == VerityParameters::derived_from("node").salt);
    CHECK(node.uuid == VerityParameters::derived_from("node").uuid);
    CHECK(node.salt != VerityParameters::derived_from("gateway").salt);
    CHECK(node.salt == sha256(bytes_of("quoin:verity-salt:node")).bytes);
}

TEST_CASE("the halves of the root hash are the partition UUIDs, digits in order") {
    const auto root_hash = Digest::parse("954172dfee9a4a6e8c1c9b1f1a2b3c4d"
                                         "00112233445566778899aabbccddeeff");
    REQUIRE(root_hash);
    CHECK(data_partition_uuid(*root_hash).text() == "954172df-ee9a-4a6e-8c1c-9b1f1a2b3c4d");
    CHECK(verity_partition_uuid(*root_hash).text() == "00112233-4455-6677-8899-aabbccddeeff");
}
