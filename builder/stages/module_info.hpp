// SPDX-License-Identifier: Apache-2.0
// What a kernel module says about itself: its ELF section ".modinfo", "key=value" strings.
#pragma once

#include "base/bytes.hpp"

#include <string>
#include <vector>

namespace quoin {

struct ModuleInfo {
    std::vector<std::string> depends;  ///< module names that must be loaded before
    std::vector<std::string> softdeps; ///< names or aliases that should be ("softdep=pre: …")
    std::vector<std::string> aliases;
    std::vector<std::string> firmware; ///< paths below /usr/lib/firmware
};

/// Reads a 64-bit little-endian ELF module. Throws Error(failed) naming `name` when it is not one
/// or a section lies outside the file; a module without the section says nothing.
[[nodiscard]] ModuleInfo parse_module_info(ByteView elf, const std::string& name);

/// Module names as the kernel compares them: '-' is '_'.
[[nodiscard]] std::string normalized_module_name(std::string_view name);

/// "dm_mod" of "kernel/drivers/md/dm-mod.ko.xz"; empty when the file name is not a module's.
[[nodiscard]] std::string module_name_of_path(std::string_view path);

} // namespace quoin
