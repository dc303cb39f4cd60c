// SPDX-License-Identifier: Apache-2.0
// An image in an OCI image layout as a source
// (https://github.com/opencontainers/image-spec, image-layout.md and layer.md).
#pragma once

#include "base/progress.hpp"
#include "builder/entry.hpp"
#include "builder/recipe.hpp"

#include <string>
#include <vector>

namespace quoin {

/// A layer's blob: a tar, plain or compressed.
struct OciLayer {
    std::string path;   ///< of the blob
    std::string digest; ///< 64 hex digits of SHA-256
    std::uint64_t size = 0;
};

/// The layers of the image that the recipe names, the topmost first. Follows index.json, nested
/// indexes (by architecture: "x86-64" or "arm64") and the manifest, checking their digests. Throws
/// Error(refused) for anything malformed, Error(usage) when the tag is absent or ambiguous.
[[nodiscard]] std::vector<OciLayer> find_oci_layers(const OciSource& source,
                                                    const std::string& architecture);

/// Yields a layer's entries; its whiteout files become entries of type whiteout and opaque. Throws
/// Error(refused) at the end when the blob's digest is another.
void read_oci_layer(const OciLayer& layer, const EntrySink& sink,
                    const ProgressObserver& progress = {});

} // namespace quoin
