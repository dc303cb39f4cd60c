// SPDX-License-Identifier: Apache-2.0
// What reader and writer of the contents table share: docs/formats/contents.md.
#pragma once

#include "base/bytes.hpp"

#include <array>
#include <cstdint>

namespace quoin {

/// In front of the compressed part.
struct ContentsHeader {
    std::array<char, 8> magic;
    le32 format;
    le32 packages;
    le32 entries;
    le32 text_size; ///< of all names, uncompressed
    std::array<std::uint8_t, 8> reserved;
};
static_assert(sizeof(ContentsHeader) == 32);

inline constexpr std::array<char, 8> contents_magic{'Q', 'U', 'O', 'I', 'N', 'C', 'T', 'S'};
inline constexpr std::uint32_t contents_format = 1;

/// In the column of packages.
inline constexpr std::uint16_t no_package = 0xffff;

/// Bytes of an entry over all columns: content, package, generation, first chunk, chunks, tail
/// chunk, tail size.
inline constexpr std::uint64_t contents_row_size = 4 + 2 + 2 + 4 + 4 + 4 + 4;

} // namespace quoin
