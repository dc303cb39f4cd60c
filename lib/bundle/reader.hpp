// SPDX-License-Identifier: Apache-2.0
// Reading a whole local bundle on the host: inspect, verify, diff.
#pragma once

#include "base/progress.hpp"
#include "base/region.hpp"
#include "bundle/contents.hpp"
#include "bundle/head.hpp"
#include "bundle/layout.hpp"

namespace quoin {

/// Reads header, signatures and manifest from the start of a bundle.
[[nodiscard]] BundleHead read_bundle_head(const Region& bundle);

/// The index, checked against the manifest's digest before it is parsed, and against its sizes
/// after.
[[nodiscard]] SlotIndex read_bundle_index(const Region& bundle, const BundleHead& head,
                                          const Manifest& manifest);

/// The same for an index that is already in memory, as on a node that fetched it.
[[nodiscard]] SlotIndex parse_bundle_index(ByteView bytes, const Manifest& manifest);

/// The contents table, checked against the manifest's digest before it is parsed. `chunk_count` is
/// that of the index.
[[nodiscard]] Contents read_bundle_contents(const Region& bundle, const BundleHead& head,
                                            const Manifest& manifest, std::uint64_t chunk_count);

/// The same for a table that is already in memory.
[[nodiscard]] Contents parse_bundle_contents(ByteView bytes, const Manifest& manifest,
                                             std::uint64_t chunk_count);

/// Every chunk against the index, the UKI against its digest, the root against the root hash, the
/// file's size against the manifest. Throws Error(refused) at the first thing that is wrong.
void verify_bundle_data(const Region& bundle, const BundleHead& head, const Manifest& manifest,
                        const ProgressObserver& progress = {});

} // namespace quoin
