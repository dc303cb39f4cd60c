// SPDX-License-Identifier: Apache-2.0
#include "bundle/layout.hpp"

#include <algorithm>

namespace quoin {

static void append(std::vector<PlacedChunk>& placed, const std::vector<Chunk>& chunks,
                   bool in_uki) {
    std::uint64_t target_offset = 0;
    for (const Chunk& chunk : chunks) {
        placed.push_back({chunk, in_uki, target_offset, 0});
        target_offset += chunk.size;
    }
}

std::vector<PlacedChunk> place_chunks(const SlotIndex& index) {
    std::vector<PlacedChunk> placed;
    placed.reserve(index.root.size() + index.uki.size());
    append(placed, index.root, false);
    append(placed, index.uki, true);
    // Stable: within a generation the order stays root, then UKI, each from its start.
    std::ranges::stable_sort(placed, {},
                             [](const PlacedChunk& chunk) { return chunk.chunk.generation; });
    std::uint64_t data_offset = 0;
    for (PlacedChunk& chunk : placed) {
        chunk.data_offset = data_offset;
        data_offset += chunk.chunk.size;
    }
    return placed;
}

} // namespace quoin
