// SPDX-License-Identifier: Apache-2.0
// Checking a disk image as an auditor would: from trusted keys down to every byte of each root.
#pragma once

#include "base/progress.hpp"
#include "builder/artifacts/artifact.hpp"
#include "crypto/trust.hpp"

namespace quoin {

/// A system that was found to be what its signers signed.
struct VerifiedSystem {
    std::string slot; ///< of an image; empty for a bundle
    Manifest manifest;
    std::vector<std::string> signers;
};

/// Checks both partition tables and every slot that is not empty: signatures of its manifest, UKI
/// and command line against it, partition UUIDs, the root against the root hash, the stored tree
/// against the one the root yields, the stored index against the manifest.
/// Throws Error(refused) at the first thing that is wrong, and when no slot holds a system.
/// The boot loader is not covered: Secure Boot is what checks it.
[[nodiscard]] std::vector<VerifiedSystem>
verify_image(const DiskImage& image, const TrustAnchors& anchors, const ProgressObserver& progress);

} // namespace quoin
