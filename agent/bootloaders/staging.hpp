// SPDX-License-Identifier: Apache-2.0
// Putting a boot image on the medium so that nothing lists it before it is complete and proven.
#pragma once

#include "agent/bootloaders/boot_loader.hpp"

#include <cstdint>
#include <string>

namespace quoin {

/// Creates `path` (which must not exist) with `size` bytes of `content`, the first 512 zero, synced
/// with its directory and file system, and read back from the medium: with the real first sector it
/// has the SHA-256 `sha256` (hex). Throws Error(refused) when `content` is something else,
/// Error(failed) when the medium does not return what was written; the file is then gone again.
void stage_file(const std::string& path, std::uint64_t size, const std::string& sha256,
                const BootImageReader& content);

} // namespace quoin
