// SPDX-License-Identifier: Apache-2.0
// The first steps with any bundle: its head is read and authenticated before anything else in it is
// looked at, then its index.
#pragma once

#include "agent/fetch/bundle_source.hpp"
#include "bundle/contents.hpp"
#include "bundle/head.hpp"
#include "disk/slot_index.hpp"

namespace quoin {

/// A bundle whose manifest is trusted.
struct OpenBundle {
    BundleHeader header; ///< agrees with the manifest
    Manifest manifest;
    Bytes prefix; ///< what was read so far, from the start of the file
};

/// Reads the head, with one request where it fits 16 KiB. Throws Error(refused) when the file is no
/// bundle, is not trusted, or has another size than its manifest says.
[[nodiscard]] OpenBundle open_bundle(BundleSource& source, const TrustAnchors& anchors);

/// The index as it lies in the bundle, checked against the manifest's digest. What `prefix` holds
/// of it is not fetched again.
[[nodiscard]] Bytes fetch_index(BundleSource& source, const OpenBundle& bundle);

/// The contents table, checked likewise before it is parsed; `chunk_count` is that of the index. An
/// install does not need it.
[[nodiscard]] Contents fetch_contents(BundleSource& source, const OpenBundle& bundle,
                                      std::uint64_t chunk_count);

} // namespace quoin
