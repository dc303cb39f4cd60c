// SPDX-License-Identifier: Apache-2.0
// The parts that a serialized block index is made of: for this room alone.
#pragma once

#include "disk/slot_index.hpp"

namespace quoin {

struct IndexHeader {
    std::array<char, 8> magic;
    le32 format;
    le32 root_chunks;
    le32 uki_chunks;
    le32 reserved;
    le64 root_size;
};
static_assert(sizeof(IndexHeader) == 32);

struct ChunkRecord {
    std::array<std::uint8_t, 16> hash;
    le32 size;
    le16 generation;
    std::uint8_t kind;
    std::uint8_t reserved;
};
static_assert(sizeof(ChunkRecord) == 24);

inline constexpr std::array<char, 8> index_magic = {'Q', 'U', 'O', 'I', 'N', 'I', 'D', 'X'};
inline constexpr std::uint32_t index_format = 1;

/// The header at the start of `bytes`, which holds one. Throws Error(refused) on anything that no
/// index says.
[[nodiscard]] IndexHeader take_index_header(ByteView bytes);

/// The chunk at the start of `bytes`, likewise.
[[nodiscard]] Chunk take_chunk(ByteView bytes, bool in_uki);

/// Throws Error(refused) when the size or the kind of a chunk is impossible.
void check_chunk(const Chunk& chunk, bool in_uki);

} // namespace quoin
