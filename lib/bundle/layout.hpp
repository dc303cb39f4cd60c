// SPDX-License-Identifier: Apache-2.0
// Where each chunk's bytes lie in a bundle. Nothing in the file says so: the order follows from the
// index (small chunks of the UKI, the root with its newest generation first, the rest of the UKI),
// so offsets cannot overlap, leave the file or form a cycle, and a node at any older version needs
// few contiguous ranges.
#pragma once

#include "disk/slot_index.hpp"

#include <functional>
#include <vector>

namespace quoin {

/// UKI chunks up to this size lie in front, where they come with the root's newest chunks.
inline constexpr std::uint32_t small_uki_chunk = 64 << 10;

/// A chunk with both its places.
struct PlacedChunk {
    Chunk chunk;
    bool in_uki = false;
    std::uint64_t target_offset = 0; ///< in the root or in the UKI file
    std::uint64_t data_offset = 0;   ///< from the start of the bundle's data area
};

/// All chunks in the order of the data area.
[[nodiscard]] std::vector<PlacedChunk> place_chunks(const SlotIndex& index);

/// The place of every chunk in the data area, in the order of the index: the same as above without
/// holding them all (half a megabyte at most).
void walk_layout(const IndexView& index,
                 const std::function<void(std::uint32_t number, std::uint64_t data_offset)>& visit);

} // namespace quoin
