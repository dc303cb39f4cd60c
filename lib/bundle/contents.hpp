// SPDX-License-Identifier: Apache-2.0
// The contents table: which file lies in which chunks, and which package it is of. A node reads it
// to say *why* an update is as large as it is, without understanding a file system; nothing is ever
// installed by it. docs/formats/contents.md.
#pragma once

#include "base/bytes.hpp"

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace quoin {

/// Of the table as it lies in a bundle, compressed, and of what it becomes in memory.
inline constexpr std::uint64_t max_contents_size = 16 << 20;
inline constexpr std::uint64_t max_contents_memory = 64 << 20;

/// A file of the root with some content, or a section of the UKI. Chunks are numbered as in the
/// index: those of the root, then those of the UKI.
struct ContentsEntry {
    static constexpr std::uint32_t no_tail = 0xffffffff;

    std::string_view name;              ///< "/usr/bin/true"; ".linux" of a section
    std::string_view package;           ///< empty: no package's
    std::uint32_t content = 0;          ///< start of a digest: differs when the content does
    std::uint16_t generation = 0;       ///< of this content under this name, as a chunk's
    std::uint32_t first_chunk = 0;      ///< its whole blocks: one chunk after the other
    std::uint32_t chunks = 0;           ///< 0: it has none
    std::uint32_t tail_chunk = no_tail; ///< the fragment block that its end shares with other files
    std::uint32_t tail_size = 0;        ///< bytes of it in there, uncompressed

    friend bool operator==(const ContentsEntry&, const ContentsEntry&) = default;
};

struct Contents {
    std::vector<ContentsEntry> entries;
    std::shared_ptr<const void> texts; ///< what the entries' names lie in

    /// Gives up the entries before it compresses, since they may be hundreds of thousands. Throws
    /// Error(refused) when it is larger than a reader accepts or a name holds a zero byte.
    [[nodiscard]] Bytes serialize() &&;
    /// For authenticated bytes only. `chunk_count` is the number of chunks in the index. Throws
    /// Error(refused) on anything malformed, a chunk that the index has not, or more than
    /// max_contents_memory.
    [[nodiscard]] static Contents parse(ByteView bytes, std::uint64_t chunk_count);
};

} // namespace quoin
