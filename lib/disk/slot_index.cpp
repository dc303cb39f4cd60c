// SPDX-License-Identifier: Apache-2.0
// The serialized index: a header of 32 bytes, then one record of 24 bytes a chunk.
#include "disk/slot_index.hpp"

#include "base/error.hpp"
#include "disk/uki.hpp"

#include <algorithm>
#include <set>
#include <string>

namespace quoin {
namespace {

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

constexpr std::array<char, 8> index_magic = {'Q', 'U', 'O', 'I', 'N', 'I', 'D', 'X'};
constexpr std::uint32_t index_format = 1;

enum class Part { root, uki };

bool belongs_to(ChunkKind kind, Part part) {
    switch (kind) {
    case ChunkKind::data:
    case ChunkKind::fragment:
    case ChunkKind::table:
        return part == Part::root;
    case ChunkKind::uki:
        return part == Part::uki;
    }
    return false; // a number from a file that names no kind
}

void check(const Chunk& chunk, Part part) {
    if (chunk.size == 0 || chunk.size > max_chunk_size)
        throw refused("damaged block index: a chunk of " + std::to_string(chunk.size) + " bytes");
    if (!belongs_to(chunk.kind, part))
        throw refused("damaged block index: a chunk of unknown or misplaced kind");
}

std::uint64_t total_size(const std::vector<Chunk>& chunks) {
    std::uint64_t total = 0;
    for (const Chunk& chunk : chunks)
        total += chunk.size;
    return total;
}

void append(Bytes& out, ByteView bytes) {
    out.insert(out.end(), bytes.begin(), bytes.end());
}

void append(Bytes& out, const std::vector<Chunk>& chunks, Part part) {
    for (const Chunk& chunk : chunks) {
        check(chunk, part);
        ChunkRecord record{};
        record.hash = chunk.hash;
        record.size = chunk.size;
        record.generation = chunk.generation;
        record.kind = static_cast<std::uint8_t>(chunk.kind);
        append(out, view_of(record));
    }
}

/// Takes `count` records from the front of `bytes`, which holds at least so many.
std::vector<Chunk> take_chunks(ByteView& bytes, std::uint32_t count, Part part) {
    std::vector<Chunk> chunks;
    chunks.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto record = load<ChunkRecord>(bytes);
        bytes = bytes.subspan(sizeof(record));
        if (record.reserved != 0)
            throw refused("damaged block index: reserved bits are set");
        const Chunk chunk{record.hash, record.size, static_cast<ChunkKind>(record.kind),
                          record.generation};
        check(chunk, part);
        chunks.push_back(chunk);
    }
    return chunks;
}

} // namespace

std::uint64_t SlotIndex::root_size() const {
    return total_size(root);
}

std::uint64_t SlotIndex::uki_size() const {
    return total_size(uki);
}

Bytes SlotIndex::serialize() const {
    const std::uint64_t size =
        sizeof(IndexHeader) + (root.size() + uki.size()) * sizeof(ChunkRecord);
    if (size > max_index_size)
        throw refused("cannot make a block index of " + std::to_string(size) + " bytes: at most " +
                      std::to_string(max_index_size) + " are allowed");
    IndexHeader header{};
    header.magic = index_magic;
    header.format = index_format;
    header.root_chunks = static_cast<std::uint32_t>(root.size());
    header.uki_chunks = static_cast<std::uint32_t>(uki.size());
    header.root_size = root_size();

    Bytes out;
    out.reserve(size);
    append(out, view_of(header));
    append(out, root, Part::root);
    append(out, uki, Part::uki);
    return out;
}

SlotIndex SlotIndex::parse(ByteView bytes) {
    if (bytes.size() < sizeof(IndexHeader))
        throw refused("damaged block index: it ends early");
    if (bytes.size() > max_index_size)
        throw refused("damaged block index: larger than " + std::to_string(max_index_size) +
                      " bytes");
    const auto header = load<IndexHeader>(bytes);
    if (header.magic != index_magic)
        throw refused("this is not a block index: wrong magic");
    if (header.format != index_format)
        throw refused("cannot read block index: format " + std::to_string(header.format) +
                      " is not known");
    if (header.reserved != 0)
        throw refused("damaged block index: reserved bits are set");
    const std::uint64_t count = std::uint64_t{header.root_chunks} + header.uki_chunks;
    if (bytes.size() != sizeof(IndexHeader) + count * sizeof(ChunkRecord))
        throw refused("damaged block index: its size does not fit its number of chunks");

    SlotIndex index;
    ByteView records = bytes.subspan(sizeof(IndexHeader));
    index.root = take_chunks(records, header.root_chunks, Part::root);
    index.uki = take_chunks(records, header.uki_chunks, Part::uki);
    if (index.root_size() != header.root_size)
        throw refused("damaged block index: its chunks do not add up to the root's size");
    return index;
}

std::array<std::uint8_t, 16> chunk_hash(ByteView content) {
    const Digest digest = sha256(content);
    std::array<std::uint8_t, 16> hash{};
    std::copy_n(digest.bytes.begin(), hash.size(), hash.begin());
    return hash;
}

std::vector<Chunk> index_uki(ByteView uki) {
    std::set<std::uint64_t> boundaries = {uki.size()};
    for (const UkiSectionPlace& section : uki_sections(uki)) {
        boundaries.insert(section.offset);
        boundaries.insert(section.offset + section.size);
    }
    std::vector<Chunk> chunks;
    std::uint64_t offset = 0;
    for (const std::uint64_t boundary : boundaries) {
        while (offset < boundary) {
            const auto size = std::min<std::uint64_t>(boundary - offset, max_chunk_size);
            chunks.push_back({chunk_hash(uki.subspan(offset, size)),
                              static_cast<std::uint32_t>(size), ChunkKind::uki, 0});
            offset += size;
        }
    }
    return chunks;
}

} // namespace quoin
