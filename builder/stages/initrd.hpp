// SPDX-License-Identifier: Apache-2.0
// The initrd of a UKI: our early program, the modules it loads, the directories that persist.
// docs/ARCHITECTURE.md, "What early userspace and the builder agree on".
#pragma once

#include "builder/cache/block_cache.hpp"
#include "builder/recipe.hpp"
#include "builder/stages/boot_modules.hpp"

namespace quoin {

struct Initrd {
    Bytes content;                    ///< microcode archive, if any, then a zstd frame
    std::uint64_t microcode_size = 0; ///< part of content
    std::vector<std::string> modules; ///< names, in load order
    std::vector<std::string> warnings;
};

/// Those directories of a root of which the paths are needed.
[[nodiscard]] std::vector<std::string> directories_for_initrd(const std::string& kernel_release);

/// Whether a path in there is needed: that of a module or of microcode.
[[nodiscard]] bool is_path_for_initrd(const std::string& path);

/// Packs /init (`early_program`), /modules, /lib/firmware and /persist. Compressing takes seconds,
/// so the result is kept in `cache`, which may be null.
[[nodiscard]] Initrd build_initrd(const Recipe& recipe, const RootFiles& root,
                                  const std::string& kernel_release, Bytes early_program,
                                  BlockCache* cache = nullptr);

} // namespace quoin
