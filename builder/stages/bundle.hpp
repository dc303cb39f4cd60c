// SPDX-License-Identifier: Apache-2.0
// The release as one signed file.
#pragma once

#include "base/progress.hpp"
#include "base/region.hpp"
#include "builder/build_keys.hpp"
#include "builder/recipe.hpp"
#include "bundle/contents.hpp"
#include "bundle/head.hpp"
#include "bundle/writer.hpp"
#include "disk/slot_index.hpp"
#include "disk/verity.hpp"

namespace quoin {

/// What a release consists of, before it is packed.
struct Release {
    const Recipe& recipe;
    Digest root_hash;
    VerityParameters verity;
    const SlotIndex& index;
    Contents contents;
    Region root; ///< exactly the squashfs
    ByteView uki;
};

/// Writes all of the bundle but its data to `out`, signed with every key. The release's index, root
/// and UKI outlive the writer.
[[nodiscard]] BundleWriter begin_bundle(FdRef out, const std::string& name, Release release,
                                        const BuildKeys& keys);

/// The algorithms of a bundle's signatures that draw random numbers: with them the same build gives
/// other bytes.
[[nodiscard]] std::vector<std::string> random_algorithms(const BundleHead& head);

} // namespace quoin
