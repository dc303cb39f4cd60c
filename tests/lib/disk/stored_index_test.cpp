// SPDX-License-Identifier: Apache-2.0
// The block index in its verity partition, also after power cuts.
#include "disk/slot_index.hpp"

#include "base/error.hpp"
#include "disk/verity.hpp"
#include "recorded_writes.hpp"
#include "scratch.hpp"
#include "support/catch.hpp"

#include <optional>

using namespace quoin;
using namespace quoin::test;

namespace {

constexpr std::uint64_t start = std::uint64_t{512} * 3;        // of the partition in its file
constexpr std::uint64_t size = 64 * 1024 + 512;                // not a multiple of 4096
constexpr std::uint64_t data_size = std::uint64_t{300} * 4096; // its tree takes 5 blocks
constexpr std::uint64_t header_at = start + std::uint64_t{15} * 4096;

StoredSlotIndex stored(std::size_t index_size, std::uint64_t seed = 1) {
    StoredSlotIndex result;
    result.state = SlotIndexState::complete;
    result.root_hash = sha256(filler(9, seed));
    result.data_size = data_size;
    result.index = filler(index_size, seed);
    return result;
}

void write(const Region& partition, const StoredSlotIndex& index) {
    write_slot_index(partition, index.state, index.root_hash, index.data_size, index.index);
}

struct Image {
    Scratch scratch;
    std::string path = scratch.create("image", start + size + 512);
    UniqueFd fd = open_file(path, O_RDWR);
    Region partition{fd, start, size, "verity partition 'a'"};

    void set(const Bytes& content) const { pwrite_all(fd, content, 0, path); }
};

bool same(const std::optional<StoredSlotIndex>& left, const StoredSlotIndex& right) {
    return left && left->state == right.state && left->root_hash == right.root_hash &&
           left->data_size == right.data_size && left->index == right.index;
}

} // namespace

TEST_CASE("a stored index is read back, and the tree before it is left alone") {
    const auto index_size = GENERATE(as<std::size_t>{}, 0, 1, 4095, 4096, 4097, 10 * 4096);
    CAPTURE(index_size);
    const Image image;
    const Bytes before = filler(start + size + 512, 7);
    image.set(before);
    write(image.partition, stored(index_size));
    CHECK(same(read_slot_index(image.partition), stored(index_size)));

    const Bytes after = content_of(image.path);
    const std::size_t first = header_at - round_up(index_size, 4096);
    CHECK(std::equal(before.begin(), before.begin() + static_cast<std::ptrdiff_t>(first),
                     after.begin()));
    CHECK(std::equal(before.begin() + header_at + 4096, before.end(),
                     after.begin() + header_at + 4096));
}

TEST_CASE("an index that would reach into the tree is refused before anything is written") {
    const Image image;
    REQUIRE(verity_area_size(data_size) == std::uint64_t{5} * 4096);
    const auto writes = record_writes([&] {
        CHECK_THROWS_AS(write(image.partition, stored(10 * 4096 + 1)), Error);
        CHECK_THROWS_AS(write(Region(image.fd, start, 4095, "small"), stored(1)), Error);
        CHECK_THROWS_AS(write(Region(image.fd, start, 4096, "small"), stored(1)), Error);
    });
    CHECK(writes.empty());
}

TEST_CASE("a partition without an index has none") {
    const Image image;
    CHECK_FALSE(read_slot_index(image.partition));
    CHECK_FALSE(read_slot_index(Region(image.fd, 0, 100, "small")));
    CHECK(record_writes([&] {
              CHECK_FALSE(write_slot_index_state(image.partition, SlotIndexState::writing));
          }).empty());
}

TEST_CASE("an index that cannot be read counts as none") {
    const Image image;
    write(image.partition, stored(5000));
    REQUIRE(read_slot_index(image.partition));
    // The medium ends in front of the header.
    REQUIRE(::ftruncate(image.fd.get(), static_cast<off_t>(header_at)) == 0);
    CHECK_FALSE(read_slot_index(image.partition));
}

TEST_CASE("the state of a stored index changes with one sector") {
    const Image image;
    write(image.partition, stored(5000));
    const Bytes before = content_of(image.path);
    const auto writes = record_writes(
        [&] { CHECK(write_slot_index_state(image.partition, SlotIndexState::writing)); });
    REQUIRE(writes.size() == 1);
    CHECK(writes[0].offset == header_at);
    CHECK(writes[0].data.size() == 512);
    CHECK(writes[0].synced);

    auto expected = stored(5000);
    expected.state = SlotIndexState::writing;
    CHECK(same(read_slot_index(image.partition), expected));
    CHECK(write_slot_index_state(image.partition, SlotIndexState::complete));
    CHECK((content_of(image.path) == before));
}

TEST_CASE("a power cut while an index is replaced leaves the old one, the new one or none") {
    const Image image;
    write(image.partition, stored(9000, 1));
    const Bytes before = content_of(image.path);
    const auto new_size = GENERATE(as<std::size_t>{}, 100, 9000, 20000);
    const auto writes = record_writes([&] { write(image.partition, stored(new_size, 2)); });

    int none = 0;
    for_each_cut(before, writes, [&](const Bytes& state) {
        image.set(state);
        const auto read = read_slot_index(image.partition);
        none += read ? 0 : 1;
        CHECK((!read || same(read, stored(9000, 1)) || same(read, stored(new_size, 2))));
    });
    CHECK(none > 0);
    CHECK(same(read_slot_index(image.partition), stored(new_size, 2)));
}

TEST_CASE("a stored index is walked without being held") {
    const Scratch scratch;
    const std::string path = scratch.create("image", 1 << 20);
    const UniqueFd fd = open_file(path, O_RDWR);
    const Region partition(fd, 0, 1 << 20, "verity partition 'a'");
    SlotIndex index;
    for (std::uint32_t i = 0; i < 5000; ++i) // more than one piece
        index.root.push_back({{}, i + 1, ChunkKind::data, 0});
    index.uki.push_back({{}, 7, ChunkKind::uki, 0});
    StoredSlotIndex whole = stored(1);
    whole.index = index.serialize();
    write(partition, whole);
    const auto header = read_slot_index_header(partition);
    REQUIRE(header);
    CHECK(is_intact(*header));
    std::uint64_t expected = 0;
    std::uint32_t visited = 0;
    const auto visit = [&](const Chunk& chunk, bool in_uki, std::uint64_t offset) {
        CHECK(in_uki == (visited == 5000));
        CHECK(offset == (in_uki ? 0 : expected));
        expected += chunk.size;
        ++visited;
    };
    CHECK(walk_index(*header, visit));
    CHECK(visited == 5001);

    header->index.write(Bytes(1, std::uint8_t{0xff}), 100);
    CHECK_FALSE(is_intact(*header));
    visited = 0;
    CHECK_FALSE(walk_index(*header, visit));
    CHECK(visited == 0);
}

TEST_CASE("what is stored and is no index is not walked") {
    const Image image;
    for (const std::size_t index_size : std::initializer_list<std::size_t>{1, 31, 32, 4000}) {
        write(image.partition, stored(index_size));
        const auto header = read_slot_index_header(image.partition);
        REQUIRE(header);
        CHECK(is_intact(*header));
        CHECK_FALSE(walk_index(*header, [](const Chunk&, bool, std::uint64_t) {}));
    }
}

TEST_CASE("an index with any byte flipped is none") {
    const Image image;
    write(image.partition, stored(4000));
    const Bytes intact = content_of(image.path);
    const auto check = [&](std::uint64_t offset) {
        CAPTURE(offset);
        const Bytes flipped = {static_cast<std::uint8_t>(intact[offset] ^ 0x10)};
        pwrite_all(image.fd, flipped, offset, image.path);
        CHECK_FALSE(read_slot_index(image.partition));
        pwrite_all(image.fd, ByteView(intact).subspan(offset, 1), offset, image.path);
    };
    for (std::uint64_t i = 0; i < 128; ++i)
        check(header_at + i);
    for (std::uint64_t i = 0; i < 4000; i += 37)
        check(header_at - 4096 + i);
    CHECK(same(read_slot_index(image.partition), stored(4000)));
}
