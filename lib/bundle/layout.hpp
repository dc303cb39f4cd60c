// SPDX-License-Identifier: Apache-2.0
// Where each chunk's bytes lie in a bundle. Nothing in the file says so: the order follows from the
// index (newest generation first, within one generation root then UKI in order), so offsets cannot
// overlap, leave the file or form a cycle, and a node at any older version needs few contiguous
// ranges.
#pragma once

#include "disk/slot_index.hpp"

#include <vector>

namespace quoin {

/// A chunk with both its places.
struct PlacedChunk {
    Chunk chunk;
    bool in_uki = false;
    std::uint64_t target_offset = 0; ///< in the root or in the UKI file
    std::uint64_t data_offset = 0;   ///< from the start of the bundle's data area
};

/// All chunks in the order of the data area.
[[nodiscard]] std::vector<PlacedChunk> place_chunks(const SlotIndex& index);

} // namespace quoin
