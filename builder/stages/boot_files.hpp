// SPDX-License-Identifier: Apache-2.0
// systemd's stub and boot loader, which come from a package on the building machine.
#pragma once

#include "builder/recipe.hpp"

#include <array>
#include <string>

namespace quoin {

/// % stands for EFI's name of the architecture.
inline constexpr const char* stub_file = "linux%.efi.stub";
inline constexpr const char* loader_file = "systemd-boot%.efi";

/// "x64" or "aa64".
[[nodiscard]] std::string efi_architecture(const std::string& architecture);

/// Where Debian's package systemd-boot-efi puts a boot file.
[[nodiscard]] std::string boot_file_path(const std::string& name, const std::string& architecture);

/// Its content. Throws Error(failed) naming the package to install when it is missing, and
/// Error(refused) when the recipe's lock pins another one.
[[nodiscard]] Bytes read_boot_file(const std::string& name, const Recipe& recipe);

/// The boot files, and the tools whose versions may show in the outputs, as they are now.
[[nodiscard]] std::vector<PinnedBootFile> installed_boot_files(const Recipe& recipe);
[[nodiscard]] std::vector<PinnedTool> installed_tools();

/// A warning for each tool that is not the one that the lock names.
[[nodiscard]] std::vector<std::string> other_tools(const std::vector<PinnedTool>& locked);

} // namespace quoin
