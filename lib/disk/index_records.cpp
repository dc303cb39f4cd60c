// SPDX-License-Identifier: Apache-2.0
#include "disk/index_records.hpp"

#include "base/error.hpp"

#include <string>

namespace quoin {

static bool is_known(ChunkKind kind) {
    switch (kind) {
    case ChunkKind::data:
    case ChunkKind::fragment:
    case ChunkKind::table:
    case ChunkKind::uki:
        return true;
    }
    return false; // a number from a file that names no kind
}

void check_chunk(const Chunk& chunk, bool in_uki) {
    if (chunk.size == 0 || chunk.size > max_chunk_size)
        throw refused("damaged block index: a chunk of " + std::to_string(chunk.size) + " bytes");
    if (!is_known(chunk.kind) || (chunk.kind == ChunkKind::uki) != in_uki)
        throw refused("damaged block index: a chunk of unknown or misplaced kind");
}

IndexHeader take_index_header(ByteView bytes) {
    const auto header = load<IndexHeader>(bytes);
    if (header.magic != index_magic)
        throw refused("this is not a block index: wrong magic");
    if (header.format != index_format)
        throw refused("cannot read block index: format " + std::to_string(header.format) +
                      " is not known");
    if (header.reserved != 0)
        throw refused("damaged block index: reserved bits are set");
    return header;
}

Chunk take_chunk(ByteView bytes, bool in_uki) {
    const auto record = load<ChunkRecord>(bytes);
    if (record.reserved != 0)
        throw refused("damaged block index: reserved bits are set");
    const Chunk chunk{record.hash, record.size, static_cast<ChunkKind>(record.kind),
                      record.generation};
    check_chunk(chunk, in_uki);
    return chunk;
}

} // namespace quoin
