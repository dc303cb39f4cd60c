// SPDX-License-Identifier: Apache-2.0
#include "bundle/layout.hpp"

#include <algorithm>
#include <utility>

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
static std::size_t group_of(const Chunk& chunk, bool in_uki) {
    constexpr std::size_t generations = std::size_t{1} << 16;
    if (in_uki)
        return chunk.size <= small_uki_chunk ? 0 : 1 + generations;
    return 1 + std::size_t{chunk.generation};
}

static std::size_t group_of_placed(const PlacedChunk& placed) {
    return group_of(placed.chunk, placed.in_uki);
}

std::vector<PlacedChunk> place_chunks(const SlotIndex& index) {
    std::vector<PlacedChunk> placed;
    placed.reserve(index.root.size() + index.uki.size());
    append(placed, index.root, false);
    append(placed, index.uki, true);
    // Stable: what compares equal stays in the order of root or UKI.
    std::ranges::stable_sort(placed, {}, group_of_placed);
    std::uint64_t data_offset = 0;
    for (PlacedChunk& chunk : placed) {
        chunk.data_offset = data_offset;
        data_offset += chunk.chunk.size;
    }
    return placed;
}

void walk_layout(
    const IndexView& index,
    const std::function<void(std::uint32_t number, std::uint64_t data_offset)>& visit) {
    std::vector<std::uint64_t> next; // of each group: its size, then the place of its next chunk
    for (std::uint32_t number = 0; number < index.size(); ++number) {
        const Chunk chunk = index.chunk(number);
        const std::size_t group = group_of(chunk, index.in_uki(number));
        if (group >= next.size())
            next.resize(group + 1);
        next[group] += chunk.size;
    }
    std::uint64_t start = 0;
    for (std::uint64_t& place : next) {
        const std::uint64_t size = std::exchange(place, start);
        start += size;
    }
    for (std::uint32_t number = 0; number < index.size(); ++number) {
        const Chunk chunk = index.chunk(number);
        std::uint64_t& place = next[group_of(chunk, index.in_uki(number))];
        visit(number, place);
        place += chunk.size;
    }
}

} // namespace quoin
