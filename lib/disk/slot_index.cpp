// SPDX-License-Identifier: Apache-2.0
// The serialized index: a header of 32 bytes, then one record of 24 bytes a chunk.
#include "disk/slot_index.hpp"

#include "base/error.hpp"
#include "disk/index_records.hpp"
#include "disk/uki.hpp"

#include <algorithm>
#include <set>
#include <string>

namespace quoin {
namespace {

void append(Bytes& out, ByteView bytes) {
    out.insert(out.end(), bytes.begin(), bytes.end());
}

void append(Bytes& out, const std::vector<Chunk>& chunks, bool in_uki) {
    for (const Chunk& chunk : chunks) {
        check_chunk(chunk, in_uki);
        ChunkRecord record{};
        record.hash = chunk.hash;
        record.size = chunk.size;
        record.generation = chunk.generation;
        record.kind = static_cast<std::uint8_t>(chunk.kind);
        append(out, view_of(record));
    }
}

} // namespace

std::uint64_t total_size(const std::vector<Chunk>& chunks) {
    std::uint64_t total = 0;
    for (const Chunk& chunk : chunks)
        total += chunk.size;
    return total;
}

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
        throw refused("cannot describe the root: it has " + std::to_string(root.size()) +
                      " blocks, with those of the boot image at most " +
                      std::to_string(max_chunks) +
                      " are allowed; a larger 'block_size' makes fewer");
    IndexHeader header{};
    header.magic = index_magic;
    header.format = index_format;
    header.root_chunks = static_cast<std::uint32_t>(root.size());
    header.uki_chunks = static_cast<std::uint32_t>(uki.size());
    header.root_size = root_size();

    Bytes out;
    out.reserve(size);
    append(out, view_of(header));
    append(out, root, false);
    append(out, uki, true);
    return out;
}

IndexView::IndexView(ByteView bytes) {
    if (bytes.size() < sizeof(IndexHeader))
        throw refused("damaged block index: it ends early");
    if (bytes.size() > max_index_size)
        throw refused("damaged block index: larger than " + std::to_string(max_index_size) +
                      " bytes");
    const IndexHeader header = take_index_header(bytes);
    const std::uint64_t count = std::uint64_t{header.root_chunks} + header.uki_chunks;
    if (bytes.size() != sizeof(IndexHeader) + count * sizeof(ChunkRecord))
        throw refused("damaged block index: its size does not fit its number of chunks");
    root_chunks_ = header.root_chunks;
    uki_chunks_ = header.uki_chunks;
    records_ = bytes.subspan(sizeof(IndexHeader));
    for (std::uint32_t number = 0; number < size(); ++number) {
        const Chunk found =
            take_chunk(records_.subspan(number * sizeof(ChunkRecord)), in_uki(number));
        (in_uki(number) ? uki_size_ : root_size_) += found.size;
    }
    if (root_size_ != header.root_size)
        throw refused("damaged block index: its chunks do not add up to the root's size");
}

Chunk IndexView::chunk(std::uint32_t number) const {
    return take_chunk(records_.subspan(number * sizeof(ChunkRecord)), in_uki(number));
}

SlotIndex SlotIndex::parse(ByteView bytes) {
    const IndexView view(bytes);
    SlotIndex index;
    index.root.reserve(view.root_chunks());
    index.uki.reserve(view.size() - view.root_chunks());
    for (std::uint32_t number = 0; number < view.size(); ++number)
        (view.in_uki(number) ? index.uki : index.root).push_back(view.chunk(number));
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
