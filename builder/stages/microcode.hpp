// SPDX-License-Identifier: Apache-2.0
// CPU microcode from the root, in the form that x86 kernels load before anything else.
#pragma once

#include "builder/stages/boot_modules.hpp"

namespace quoin {

/// Whether the file at a path of the root is microcode, going by its name.
[[nodiscard]] bool is_microcode(const std::string& path);

/// An uncompressed cpio archive with kernel/x86/microcode/GenuineIntel.bin and AuthenticAMD.bin,
/// each the concatenation of the root's files of that vendor in name order; empty when the root has
/// none. It must be the first thing in the initrd.
[[nodiscard]] Bytes microcode_archive(const RootFiles& root);

} // namespace quoin
