// SPDX-License-Identifier: Apache-2.0
// The contents table of a release, made from its squashfs and UKI: at the end of a build, and by
// `diff` for what has none.
#pragma once

#include "builder/root_image.hpp"
#include "bundle/contents.hpp"
#include "disk/slot_index.hpp"

namespace quoin {

/// Entries by name, all of generation 0. `index` is that of root and UKI. Throws Error(refused)
/// when the root's files do not lie where the index has chunks.
[[nodiscard]] Contents read_contents(RootReader& root, const SlotIndex& index, ByteView uki);

} // namespace quoin
