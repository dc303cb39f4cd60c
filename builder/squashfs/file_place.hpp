// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"

#include <cstdint>
#include <optional>

namespace quoin {

/// Where a regular file's content lies in a squashfs. Equal files may share a place.
struct FilePlace {
    std::uint64_t size = 0;
    std::uint64_t blocks_start = 0;          ///< its whole blocks, which follow each other
    std::uint64_t blocks_size = 0;           ///< as stored; 0: it has none
    std::optional<std::uint64_t> tail_block; ///< place of the fragment block that holds its end
    Bytes tail;                              ///< its end, uncompressed
};

} // namespace quoin
