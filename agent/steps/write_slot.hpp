// SPDX-License-Identifier: Apache-2.0
// The root's chunks into their slot: what is there stays, what the node has is copied, the rest is
// fetched. Every chunk is hashed before it is written.
#pragma once

#include "agent/fetch/chunk_fetcher.hpp"
#include "agent/steps/plan.hpp"
#include "base/progress.hpp"
#include "base/region.hpp"

#include <map>

namespace quoin {

/// True when `chunk`'s content lies at `offset`; then it is in `buffer`, too. What cannot be read
/// is not there: it can be fetched.
[[nodiscard]] bool holds_chunk(const Region& region, std::uint64_t offset, const Chunk& chunk,
                               Bytes& buffer);

/// Looks for a chunk of the root, which belongs to `place`, where the plan believes it to be, and
/// corrects the plan where it errs. What is not fetched is then in `buffer`.
void settle_origin(InstallPlan& plan, std::uint32_t number, std::uint64_t place,
                   const Region& target, const Region& running, Bytes& buffer);

/// Pieces of the boot image that came along with the root (InstallPlan::fetched_with_root), by
/// their place in the boot image.
using BootImagePieces = std::map<std::uint64_t, Bytes>;

struct WriteSlotResult {
    BootImagePieces boot_image;
    std::uint64_t fetched = 0; ///< content of chunks from the bundle
    std::uint64_t written = 0;
};

/// Works through the root's part of the plan; a chunk that is nowhere where the plan believed it to
/// be is fetched. The slot's data is durable when this returns. `running` is the running slot's
/// root; `step` is called often, with the bytes in place and the root's size, and may throw to
/// stop.
[[nodiscard]] WriteSlotResult write_slot(const Region& target, const Region& running,
                                         InstallPlan& plan, BundleSource& source,
                                         std::uint64_t data_start, const ProgressObserver& step);

} // namespace quoin
