// SPDX-License-Identifier: Apache-2.0
// What the stages need of libarchive: newc archives for the kernel, and decompression.
#pragma once

#include "base/bytes.hpp"
#include "builder/cache/block_cache.hpp"

#include <string>
#include <vector>

namespace quoin {

/// One member of an archive for the kernel: a file, or a directory when the path ends in '/'.
struct CpioMember {
    std::string path; ///< without leading '/': "modules/000-dm-mod.ko"
    Bytes content;
    std::uint32_t mode = 0644;
};

/// An uncompressed cpio archive in the "newc" format, members in the given order, parent
/// directories added before their first member. Deterministic: root owns everything, times are 0,
/// inode numbers count up. A multiple of 4 bytes long, so another archive may follow.
[[nodiscard]] Bytes newc_archive(const std::vector<CpioMember>& members);

/// `data` without its gzip, xz or zstd compression; as it is when it has none. `name` is for the
/// message. Throws Error(failed) on damaged data and above `limit` bytes.
[[nodiscard]] Bytes decompressed(ByteView data, const std::string& name,
                                 std::uint64_t limit = 256 << 20);

/// One zstd frame of level `level`, without a window larger than every kernel accepts (8 MiB at
/// level 19); out of `cache`, which may be null, when it was made before.
[[nodiscard]] Bytes zstd_compressed(ByteView data, int level, BlockCache* cache = nullptr);

} // namespace quoin
