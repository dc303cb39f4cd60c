// SPDX-License-Identifier: Apache-2.0
#include "bundle/layout.hpp"

#include "sample_bundle.hpp"
#include "support/catch.hpp"

using namespace quoin;
using namespace quoin::test;

TEST_CASE("small UKI chunks lie first, then the root by generation, newest first, then the rest") {
    Sample sample;
    sample.index.uki.insert(sample.index.uki.begin(), {{}, small_uki_chunk + 1, ChunkKind::uki, 0});
    struct Place {
        bool in_uki;
        std::uint64_t target;
        std::uint64_t data;
    };
    const std::vector<Place> expected{
        {true, 65537, 0},      {true, 66537, 1000}, {false, 5000, 1500},   {false, 16097, 8501},
        {false, 12001, 16501}, {false, 0, 20597},   {false, 24097, 25597}, {true, 0, 26076}};
    const std::vector<PlacedChunk> placed = place_chunks(sample.index);
    REQUIRE(placed.size() == expected.size());
    for (std::size_t i = 0; i < placed.size(); ++i) {
        CAPTURE(i);
        CHECK(placed[i].in_uki == expected[i].in_uki);
        CHECK(placed[i].target_offset == expected[i].target);
        CHECK(placed[i].data_offset == expected[i].data);
    }
}

TEST_CASE("an empty index has no places") {
    CHECK(place_chunks({}).empty());
}

TEST_CASE("walking the layout gives the same places in the order of the index") {
    const Sample sample;
    const Bytes bytes = sample.index.serialize();
    std::vector<std::uint64_t> places;
    walk_layout(IndexView(bytes), [&places](std::uint32_t number, std::uint64_t data_offset) {
        CHECK(number == places.size());
        places.push_back(data_offset);
    });
    REQUIRE(places.size() == sample.index.root.size() + sample.index.uki.size());
    for (const PlacedChunk& placed : place_chunks(sample.index)) {
        std::uint64_t target = 0;
        std::size_t number = 0;
        const auto& part = placed.in_uki ? sample.index.uki : sample.index.root;
        while (target < placed.target_offset)
            target += part[number++].size;
        CHECK(places[number + (placed.in_uki ? sample.index.root.size() : 0)] ==
              placed.data_offset);
    }
}

TEST_CASE("places cover the data area without gaps whatever the generations are") {
    SlotIndex index;
    for (std::uint32_t i = 0; i < 1000; ++i)
        index.root.push_back({{},
                              1 + i * 7919 % max_chunk_size,
                              ChunkKind::data,
                              static_cast<std::uint16_t>(i * 31 % 65536)});
    std::uint64_t next = 0;
    for (const PlacedChunk& placed : place_chunks(index)) {
        REQUIRE(placed.data_offset == next);
        next += placed.chunk.size;
    }
    CHECK(next == index.root_size());
}
