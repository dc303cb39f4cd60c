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

/// Fills in the manifest's index, data and contents fields, signs it with every key and writes the
/// bundle to `out`: root chunks come from `root` (the squashfs as it lies in an image), UKI chunks
/// from `uki`. Returns the manifest as signed. Without keys the bundle has no signature, and nobody
/// trusts it.
Manifest write_bundle(FdRef out, const std::string& name, Manifest manifest, const SlotIndex& index,
                      const Contents& contents, const Region& root, ByteView uki,
                      const std::vector<SigningKey>& keys, const ProgressObserver& progress = {});

} // namespace quoin
