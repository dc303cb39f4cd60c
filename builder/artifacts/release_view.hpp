// SPDX-License-Identifier: Apache-2.0
// One release out of a bundle or a disk image, as `diff` compares it and a next build follows it.
// Not trusted, only read.
#pragma once

#include "builder/root_image.hpp"
#include "bundle/contents.hpp"
#include "disk/slot_index.hpp"

#include <memory>
#include <string>

namespace quoin {

struct ReleaseSummary {
    std::string name; ///< "node 1.0.0"
    SlotIndex index;
    Contents contents;
    std::uint64_t head_size = 0;  ///< bytes of header, signatures and manifest in the bundle
    std::uint64_t index_size = 0; ///< bytes of the index in the bundle
};

struct ReleaseView : ReleaseSummary {
    UniqueFd file; ///< what `root` reads
    std::unique_ptr<RootReader> root;
};

/// Of a bundle, or of the slot of an image that the boot loader would start: an image has no
/// contents table, so it is made from the root. Throws Error(refused).
[[nodiscard]] ReleaseSummary summarize_release(const std::string& path);

/// Opens a bundle, whose root is put together in an unlinked temporary file, or an image, of which
/// the slot is taken that the boot loader would start. Throws Error(refused).
[[nodiscard]] ReleaseView open_release(const std::string& path);

} // namespace quoin
