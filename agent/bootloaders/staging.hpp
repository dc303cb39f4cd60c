// SPDX-License-Identifier: Apache-2.0
// Putting a boot image on the medium so that nothing lists it before it is complete and proven.
#pragma once

#include "agent/bootloaders/boot_loader.hpp"

#include <cstdint>
#include <string>

namespace quoin {

/// Makes `path` a file of `size` bytes of `content`, the first 512 zero, synced with its directory
/// and file system, and read back from the medium: with the real first sector it has the SHA-256
/// `sha256` (hex). A file that is there is overwritten in place, from beginning to end, and
/// `content` may read of it what it has not yet passed on. Throws Error(refused) when `content` is
/// something else; what was written until then stays, unlisted, as it does when `content` throws.
/// Throws Error(failed) when the medium does not take it, or does not return what was written; the
/// file is then gone, so that the next attempt gets another place.
void stage_file(const std::string& path, std::uint64_t size, const std::string& sha256,
                const BootImageReader& content);

} // namespace quoin
