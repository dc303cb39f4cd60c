// SPDX-License-Identifier: Apache-2.0
// The block index, and the layout that follows from it.
#include "bundle/layout.hpp"
#include "disk/slot_index.hpp"
#include "fuzz_target.hpp"

#include <algorithm>
#include <map>
#include <utility>

using namespace quoin;

static void check_index(ByteView input) {
    const SlotIndex index = SlotIndex::parse(input);
    fuzz::require(std::ranges::equal(index.serialize(), input));
    std::uint64_t data_offset = 0;
    for (const PlacedChunk& placed : place_chunks(index)) {
        const std::uint64_t end = placed.target_offset + placed.chunk.size;
        fuzz::require(placed.data_offset == data_offset);
        fuzz::require(placed.chunk.size > 0 && placed.chunk.size <= max_chunk_size);
        fuzz::require(end <= (placed.in_uki ? index.uki_size() : index.root_size()));
        data_offset += placed.chunk.size;
    }
    fuzz::require(data_offset == index.root_size() + index.uki_size());

    // The builder places, the node walks: the same order.
    std::map<std::pair<bool, std::uint64_t>, std::uint64_t> places;
    for (const PlacedChunk& placed : place_chunks(index))
        places.emplace(std::pair(placed.in_uki, placed.target_offset), placed.data_offset);
    const IndexView view(input);
    std::uint64_t target = 0;
    std::uint32_t expected = 0;
    walk_layout(view, [&](std::uint32_t number, std::uint64_t place) {
        fuzz::require(number == expected++);
        if (number == view.root_chunks())
            target = 0;
        fuzz::require(places.at({view.in_uki(number), target}) == place);
        target += view.chunk(number).size;
    });
    fuzz::require(expected == view.size());
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run(check_index, {data, size});
}
