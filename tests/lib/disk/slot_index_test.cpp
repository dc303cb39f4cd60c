// SPDX-License-Identifier: Apache-2.0
#include "disk/slot_index.hpp"

#include "base/error.hpp"
#include "scratch.hpp"
#include "support/catch.hpp"

using namespace quoin;

namespace {

SlotIndex example() {
    SlotIndex index;
    index.root = {{chunk_hash(test::filler(10, 1)), 131072, ChunkKind::data, 0},
                  {chunk_hash(test::filler(10, 2)), 77, ChunkKind::fragment, 3},
                  {chunk_hash(test::filler(10, 3)), max_chunk_size, ChunkKind::table, 0xffff}};
    index.uki = {{chunk_hash(test::filler(10, 4)), 1, ChunkKind::uki, 1}};
    return index;
}

bool same(const Chunk& left, const Chunk& right) {
    return left.hash == right.hash && left.size == right.size && left.kind == right.kind &&
           left.generation == right.generation;
}

bool same(const std::vector<Chunk>& left, const std::vector<Chunk>& right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](const Chunk& a, const Chunk& b) { return same(a, b); });
}

} // namespace

TEST_CASE("a block index is read as it was written") {
    const SlotIndex index = example();
    const Bytes bytes = index.serialize();
    CHECK(bytes.size() == 32 + 4 * 24);
    const SlotIndex parsed = SlotIndex::parse(bytes);
    CHECK(same(parsed.root, index.root));
    CHECK(same(parsed.uki, index.uki));
    CHECK(parsed.root_size() == 131072 + 77 + max_chunk_size);
    CHECK(parsed.uki_size() == 1);
}

TEST_CASE("the bytes of a block index are those of its format page") {
    SlotIndex index;
    index.root = {{{0xaa}, 0x010203, ChunkKind::fragment, 0x0405}};
    index.uki = {{{0xbb}, 7, ChunkKind::uki, 0}};
    CHECK(to_hex(index.serialize()) == "51554f494e494458" // QUOINIDX
                                       "01000000"         // format
                                       "01000000"         // chunks of the root
                                       "01000000"         // chunks of the UKI
                                       "00000000"         // reserved
                                       "0302010000000000" // size of the root
                                       "aa000000000000000000000000000000"
                                       "03020100"
                                       "0504"
                                       "02"
                                       "00"
                                       "bb000000000000000000000000000000"
                                       "07000000"
                                       "0000"
                                       "04"
                                       "00");
}

TEST_CASE("a block index that ends early or goes on is refused") {
    Bytes bytes = example().serialize();
    for (std::size_t size = 0; size < bytes.size(); ++size)
        CHECK_THROWS_AS(SlotIndex::parse(ByteView(bytes).first(size)), Error);
    bytes.push_back(0);
    CHECK_THROWS_AS(SlotIndex::parse(bytes), Error);
}

TEST_CASE("a block index with one impossible field is refused") {
    struct Damage {
        const char* what;
        std::size_t offset;
        std::uint8_t value;
    };
    const auto damage = GENERATE(
        Damage{"magic", 0, 'q'}, Damage{"format", 8, 2}, Damage{"root chunks", 12, 4},
        Damage{"root chunks of more than memory", 15, 0xff}, Damage{"UKI chunks", 16, 0},
        Damage{"reserved", 20, 1}, Damage{"root size", 24, 1}, Damage{"root size, high", 31, 0x80},
        Damage{"chunk larger than 1 MiB", 32 + 19, 1},
        Damage{"chunk of no bytes", 32 + 3 * 24 + 16, 0}, Damage{"kind 0", 32 + 22, 0},
        Damage{"kind 5", 32 + 22, 5}, Damage{"UKI among root", 32 + 22, 4},
        Damage{"root among UKI", 32 + 3 * 24 + 22, 1}, Damage{"reserved in record", 32 + 23, 1});
    CAPTURE(damage.what);
    Bytes bytes = example().serialize();
    REQUIRE(bytes[damage.offset] != damage.value);
    bytes[damage.offset] = damage.value;
    CHECK_THROWS_AS(SlotIndex::parse(bytes), Error);
}

TEST_CASE("what would be refused is not serialized") {
    SlotIndex index = example();
    index.root[0].size = 0;
    CHECK_THROWS_AS(index.serialize(), Error);
    index.root[0].size = max_chunk_size + 1;
    CHECK_THROWS_AS(index.serialize(), Error);
    index.root[0] = {{}, 1, ChunkKind::uki, 0};
    CHECK_THROWS_AS(index.serialize(), Error);
    index.root.assign(max_chunks + 1, {{}, 1, ChunkKind::data, 0});
    CHECK_THROWS_AS(index.serialize(), Error);
}
