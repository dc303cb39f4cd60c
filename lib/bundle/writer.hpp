// SPDX-License-Identifier: Apache-2.0
// Packing a bundle on the host.
#pragma once

#include "base/file.hpp"
#include "base/progress.hpp"
#include "bundle/contents.hpp"
#include "bundle/manifest.hpp"
#include "crypto/signature.hpp"
#include "disk/slot_index.hpp"

namespace quoin {

/// Where a bundle's data comes from.
struct BundleContent {
    const SlotIndex& index;
    Region root; ///< the squashfs as it lies in an image
    ByteView uki;
};

/// Writes a bundle to `out`. Its head does not depend on reading the data: the index closes over
/// that.
class BundleWriter {
  public:
    BundleWriter(FdRef out, std::string name, const BundleContent& content)
        : out_(out), name_(std::move(name)), content_(content) {}

    /// Everything but the data: fills in the manifest's index, data and contents fields and signs
    /// it with every key. Returns the manifest as signed. Without keys the bundle has no signature,
    /// and nobody trusts it.
    Manifest write_head(Manifest manifest, Contents contents, const std::vector<SigningKey>& keys);

    /// Copies chunk by chunk to where they lie in the bundle, after the head. Throws Error(failed)
    /// when one is not what the index says.
    void write_data(const ProgressObserver& progress = {}) const;

  private:
    FdRef out_;
    std::string name_;
    BundleContent content_;
    std::uint64_t data_start_ = 0;
};

} // namespace quoin
