// SPDX-License-Identifier: Apache-2.0
// Where each chunk of a release may be had from, by what the slots' indexes say. Pure: nothing is
// read, so what the plan believes to be on the disk is proven when it is used.
#pragma once

#include "bundle/layout.hpp"

#include <functional>
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

    /// Calls `visit` for every chunk that must be fetched, in the order of the root, then of the
    /// boot image; `offset` is its place therein.
    void each_missing(const std::function<void(bool in_uki, std::uint64_t offset,
                                               std::uint32_t size)>& visit) const;
    /// Of each chunk, in the order of the index: whether it must be fetched.
    [[nodiscard]] std::vector<bool> missing() const;
    /// Bytes of chunks that are still to come from the bundle.
    [[nodiscard]] std::uint64_t bytes_to_fetch() const;

    /// What is fetched while the root is written, in the order of the bundle: all that is missing
    /// of the root, and up to 1 MiB of small missing pieces of the boot image (of up to 64 KiB),
    /// which would each cost a request later.
    [[nodiscard]] std::vector<const PlacedChunk*> fetched_with_root() const;
    /// The rest of what is missing of the boot image, in its order.
    [[nodiscard]] std::vector<const PlacedChunk*> fetched_with_boot_image() const;
};

/// `in_slot` is the index last written to the slot in question, whether finished or not; `running`
/// that of the running slot. Empty indexes stand for unknown ones.
[[nodiscard]] InstallPlan make_plan(const SlotIndex& wanted, const SlotIndex& in_slot,
                                    const SlotIndex& running);

} // namespace quoin
