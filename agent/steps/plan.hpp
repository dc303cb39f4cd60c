// SPDX-License-Identifier: Apache-2.0
// Where each chunk of a release may be had from, by what the slots' indexes say. Pure: nothing is
// read, so what the plan believes to be on the disk is proven when it is used.
#pragma once

#include "bundle/layout.hpp"

#include <vector>

namespace quoin {

enum class ChunkOrigin : std::uint8_t {
    bundle,   ///< must be fetched
    in_place, ///< the slot to be written may hold it where it belongs
    running,  ///< the running slot (or its boot image) may hold it at `local_offset`
};

struct PlannedChunk {
    PlacedChunk placed;
    std::uint64_t local_offset = 0;
    ChunkOrigin origin = ChunkOrigin::bundle;
};

/// 64 bytes a chunk: 2 MiB for a root of 4 GiB in chunks of 128 KiB.
struct InstallPlan {
    std::vector<PlannedChunk> root; ///< in the order of the root
    std::vector<PlannedChunk> uki;  ///< in the order of the boot image

    /// Bytes of chunks that are still to come from the bundle.
    [[nodiscard]] std::uint64_t bytes_to_fetch() const;
};

/// `in_slot` is the index last written to the slot in question, whether finished or not; `running`
/// that of the running slot. Empty indexes stand for unknown ones.
[[nodiscard]] InstallPlan make_plan(const SlotIndex& wanted, const SlotIndex& in_slot,
                                    const SlotIndex& running);

} // namespace quoin
