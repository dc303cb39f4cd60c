// SPDX-License-Identifier: Apache-2.0
// The contents table of a release, made from its squashfs and UKI: at the end of a build, and by
// `diff` for what has none.
#pragma once

#include "builder/artifacts/package_owners.hpp"
#include "builder/root_image.hpp"
#include "bundle/contents.hpp"
#include "disk/slot_index.hpp"

#include <memory>

namespace quoin {

/// In two steps, since the root is there before the UKI.
class ReleaseContents {
  public:
    /// Reads the root; `chunks` are its own. Throws Error(refused) when files do not lie where
    /// there are chunks, or their paths are more than a contents table can hold.
    ReleaseContents(RootReader& root, const std::vector<Chunk>& chunks);

    /// With the UKI's sections: entries by name, all of generation 0. `index` is that of root and
    /// UKI.
    [[nodiscard]] Contents with_uki(const SlotIndex& index, ByteView uki) &&;

  private:
    std::shared_ptr<TextStore> texts_ = std::make_shared<TextStore>();
    PackageOwners owners_;
    Contents contents_;
};

} // namespace quoin
