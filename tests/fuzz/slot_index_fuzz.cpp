// SPDX-License-Identifier: Apache-2.0
// The block index, and the layout that follows from it.
#include "bundle/layout.hpp"
#include "disk/slot_index.hpp"
#include "fuzz_target.hpp"

#include <algorithm>

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
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run(check_index, {data, size});
}
