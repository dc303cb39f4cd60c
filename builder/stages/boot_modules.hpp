// SPDX-License-Identifier: Apache-2.0
// Which kernel modules early userspace loads, and in which order.
#pragma once

#include "base/bytes.hpp"
#include "builder/recipe/places.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace quoin {

/// What is needed of a root: file contents, and the paths in directories_for_initrd() for which
/// is_path_for_initrd().
struct RootFiles {
    /// Content of a file, symlinks followed; nothing when absent.
    std::function<std::optional<Bytes>(const std::string& path)> read;
    std::vector<std::string> paths; ///< without leading '/'
};

/// A module, decompressed.
struct BootModule {
    std::string name; ///< as the kernel lists it: "dm_mod"
    Bytes content;
    std::vector<std::string> firmware; ///< paths below the firmware directory that it may ask for
};

struct BootModules {
    std::vector<BootModule> modules; ///< dependencies first
    std::vector<std::string> warnings;
};

/// The modules for opening a verified root from any usual disk, those in `wanted`, and what they
/// all depend on: from modules.dep where it lists the module, else from the module itself; soft
/// dependencies that exist too. What is built into the kernel is left out.
/// Throws the recipe's mistake when a wanted module does not exist. A kernel that lacks something
/// no verified boot can do without, or has no driver for any kind of disk, is a warning.
[[nodiscard]] BootModules find_boot_modules(const RootFiles& root,
                                            const std::string& kernel_release,
                                            const std::vector<std::string>& wanted,
                                            const RecipePlaces& places = {});

} // namespace quoin
