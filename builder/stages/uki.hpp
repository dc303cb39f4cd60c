// SPDX-License-Identifier: Apache-2.0
// The unified kernel image of a release: stub, command line, initrd and kernel in one PE file.
#pragma once

#include "builder/recipe.hpp"
#include "builder/root_image.hpp"
#include "builder/stages/initrd.hpp"

namespace quoin {

/// The kernel command line, signed with the UKI: what early userspace needs to find and verify the
/// root, what keeps systemd from doing it again, then the recipe's own words.
[[nodiscard]] std::string kernel_command_line(const Recipe& recipe, const Digest& root_hash,
                                              const VerityParameters& verity,
                                              std::uint64_t root_size);

/// Assembles the UKI, unsigned, around systemd's stub for the recipe's architecture. Throws
/// Error(failed) naming the package to install when the stub is missing, and
/// Error(refused) when the recipe's lock pins another.
[[nodiscard]] Bytes build_uki(const Recipe& recipe, const RootImage& root, const Initrd& initrd,
                              const std::string& command_line);

} // namespace quoin
