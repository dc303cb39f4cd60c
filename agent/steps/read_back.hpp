// SPDX-License-Identifier: Apache-2.0
// The proof: what lies on the medium, read past the page cache, has the signed root hash. The hash
// tree is not shipped with a release; deriving it and proving the data are the same work.
#pragma once

#include "base/progress.hpp"
#include "base/region.hpp"
#include "bundle/manifest.hpp"
#include "disk/slot_index.hpp"

namespace quoin {

/// Reads the root from the medium, writes its superblock and tree to `verity`, syncs, and proves
/// those from the medium too. Throws Error(failed) when the root hash is not the manifest's: the
/// medium does not hold what was written to it. Returns the bytes written.
[[nodiscard]] std::uint64_t derive_tree(const Region& root, const Region& verity,
                                        const Manifest& manifest, const ProgressObserver& step);

/// The medium holds the index of that very release, whole and in that state.
[[nodiscard]] bool is_index_of(const StoredIndexHeader& stored, const Manifest& manifest,
                               SlotIndexState state);

/// Proves that the medium holds the release's index, marked complete. Throws Error(failed).
void check_stored_index(const Region& verity, const Manifest& manifest);

} // namespace quoin
