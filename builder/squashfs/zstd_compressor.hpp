// SPDX-License-Identifier: Apache-2.0
// zstd for squashfs blocks, through the libzstd that is linked into Quoin: a node recompresses
// blocks when it applies a delta, so the exact bytes must not depend on the host's library.
#pragma once

#include "builder/cache/block_cache.hpp"
#include "builder/squashfs/sqfs.hpp"

#include <sqfs/compressor.h>

namespace quoin {

/// The level that squashfs assumes when an image carries no compressor options.
inline constexpr int squashfs_default_zstd_level = 15;

/// Compresses blocks of up to `block_size` bytes with `level` (1 … 22), or finds them in `cache`,
/// which may be null. `sqfs_copy` makes an independent copy for another thread.
[[nodiscard]] Sqfs<sqfs_compressor_t> create_zstd_compressor(int level, std::uint32_t block_size,
                                                             BlockCache* cache = nullptr);

} // namespace quoin
