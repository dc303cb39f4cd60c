// SPDX-License-Identifier: Apache-2.0
// What lies in a build cache, and keeping it small. Files that are not Quoin's are neither counted
// nor touched. No lock: every file is complete from the moment it has its name, and whoever has it
// open keeps it when it is removed.
#pragma once

#include "base/fd.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace quoin {

/// What a cache may take after a build.
inline constexpr std::uint64_t default_cache_size = std::uint64_t{8} << 30;

/// Of CacheFile::last_used.
inline constexpr std::int64_t nanoseconds_in_a_second = 1'000'000'000;

enum class CacheFileKind {
    blocks,      ///< a pack of compressed blocks
    debian_root, ///< a tar of a root made of packages
    unfinished,  ///< being written, or left by a build that was killed
};

struct CacheFile {
    std::string name; ///< in the directory
    CacheFileKind kind = CacheFileKind::blocks;
    std::uint64_t size = 0;
    std::int64_t last_used = 0; ///< nanoseconds since 1970
};

/// The cache's files, the last used first. Throws Error(failed) when the directory cannot be read.
[[nodiscard]] std::vector<CacheFile> list_cache(const std::string& directory);

/// Now, by the clock that stamps files.
[[nodiscard]] std::int64_t file_clock_now();

/// Stamps a file of the cache as used now. A failure is ignored: it only goes earlier.
void mark_used(FdRef file) noexcept;

struct CacheTrim {
    std::vector<CacheFile> removed;
    std::uint64_t size = 0; ///< of what is left
};

/// Keeps the cache's files, the last used first, as long as they fit into `size` bytes; removes
/// the others, and what was left unfinished a day ago or earlier. A build that uses one of them has
/// it open. Throws Error(failed) when a file cannot be removed.
CacheTrim trim_cache_directory(const std::string& directory, std::uint64_t size);

} // namespace quoin
