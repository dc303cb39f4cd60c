// SPDX-License-Identifier: Apache-2.0
#include "bundle/layout.hpp"

#include <algorithm>
#include <limits>

namespace quoin {

static void append(std::vector<PlacedChunk>& placed, const std::vector<Chunk>& chunks,
                   bool in_uki) {
    std::uint64_t target_offset = 0;
    for (const Chunk& chunk : chunks) {
        placed.push_back({chunk, in_uki, target_offset, 0});
        target_offset += chunk.size;
    }
}

/// Chunks of one group lie together: first those of the UKI's small parts, then a group for each
/// generation of the root, last the UKI's large parts.
static int group_of(const PlacedChunk& placed) {
    if (placed.in_uki)
        return placed.chunk.size <= small_uki_chunk ? -1 : std::numeric_limits<int>::max();
    return placed.chunk.generation;
}

std::vector<PlacedChunk> place_chunks(const SlotIndex& index) {
    std::vector<PlacedChunk> placed;
    placed.reserve(index.root.size() + index.uki.size());
    append(placed, index.root, false);
    append(placed, index.uki, true);
    // Stable: what compares equal stays in the order of root or UKI.
    std::ranges::stable_sort(placed, {}, group_of);
    std::uint64_t data_offset = 0;
    for (PlacedChunk& chunk : placed) {
        chunk.data_offset = data_offset;
        data_offset += chunk.chunk.size;
    }
    return placed;
}

} // namespace quoin
