// SPDX-License-Identifier: Apache-2.0
// How a block index lies in a verity partition:
//
//   superblock, tree │ … │ index, from a 4096 boundary │ header, the last whole block
//
// All of the header that ever changes lies in its first sector together with the digest over it, so
// any change of it is one sector: the old header or the new one, whole.
#include "disk/slot_index.hpp"

#include "base/error.hpp"
#include "disk/index_records.hpp"
#include "disk/verity.hpp"

#include <algorithm>
#include <cstddef>

namespace quoin {
namespace {

constexpr std::uint64_t block_size = 4096;
constexpr std::uint64_t sector_size = 512;

struct StoredHeader {
    std::array<char, 8> magic;
    le32 format;
    le32 state;
    std::array<std::uint8_t, 32> root_hash;
    le64 data_size;
    le64 index_size;
    std::array<std::uint8_t, 32> index_digest;
    std::array<std::uint8_t, 32> digest; ///< of all of the above
};
static_assert(sizeof(StoredHeader) == 128 && sizeof(StoredHeader) <= sector_size);

constexpr std::array<char, 8> header_magic = {'Q', 'U', 'O', 'I', 'N', 'S', 'L', 'T'};
constexpr std::uint32_t header_format = 1;

Digest digest_of(const StoredHeader& header) {
    return sha256(view_of(header).first(offsetof(StoredHeader, digest)));
}

/// `header` with its digest made, zero-padded to `size`.
Bytes seal(StoredHeader header, std::uint64_t size) {
    header.digest = digest_of(header).bytes;
    const ByteView content = view_of(header);
    Bytes out(content.begin(), content.end());
    out.resize(size);
    return out;
}

/// Where the header lies; nothing when the partition is too small to have one.
std::optional<std::uint64_t> header_offset(const Region& partition) {
    if (partition.size() < block_size)
        return std::nullopt;
    return partition.size() / block_size * block_size - block_size;
}

/// Where an index of `index_size` bytes lies; nothing when it would reach into the tree for
/// `data_size` bytes of root, or is larger than an index may be.
std::optional<std::uint64_t> index_offset(std::uint64_t header_at, std::uint64_t data_size,
                                          std::uint64_t index_size) {
    if (index_size > max_index_size)
        return std::nullopt;
    const std::uint64_t space = round_up(index_size, block_size);
    const std::uint64_t tree_end = verity_area_size(data_size);
    if (tree_end > header_at || space > header_at - tree_end)
        return std::nullopt;
    return header_at - space;
}

/// Nothing unless the header is intact and says something possible.
std::optional<StoredHeader> read_header(const Region& partition, std::uint64_t header_at) {
    std::array<std::uint8_t, sector_size> sector{};
    partition.read(sector, header_at);
    const auto header = load<StoredHeader>(sector);
    const bool known_state = header.state == static_cast<std::uint32_t>(SlotIndexState::writing) ||
                             header.state == static_cast<std::uint32_t>(SlotIndexState::complete);
    if (header.magic != header_magic || header.format != header_format || !known_state ||
        header.digest != digest_of(header).bytes || header.data_size == 0 ||
        header.data_size % verity_block_size != 0)
        return std::nullopt;
    return header;
}

/// Hands on [offset, end) in pieces of whole records.
void read_pieces(const Region& index, std::uint64_t offset,
                 const std::function<void(ByteView piece)>& take) {
    Bytes buffer(2048 * sizeof(ChunkRecord));
    while (offset < index.size()) {
        const auto size = std::min<std::uint64_t>(buffer.size(), index.size() - offset);
        const ByteSpan piece(buffer.data(), size);
        index.read(piece, offset);
        take(piece);
        offset += size;
    }
}

} // namespace

void write_slot_index(const Region& verity_partition, SlotIndexState state, const Digest& root_hash,
                      std::uint64_t data_size, ByteView index) {
    const auto header_at = header_offset(verity_partition);
    const auto index_at =
        header_at ? index_offset(*header_at, data_size, index.size()) : std::nullopt;
    if (!index_at)
        throw refused("cannot store the block index in " + verity_partition.name() +
                      ": tree and index do not fit");
    StoredHeader header{};
    header.magic = header_magic;
    header.format = header_format;
    header.state = static_cast<std::uint32_t>(state);
    header.root_hash = root_hash.bytes;
    header.data_size = data_size;
    header.index_size = index.size();
    header.index_digest = sha256(index).bytes;

    // Until the new header is there, the old one describes bytes that no longer match its digest.
    verity_partition.write(index, *index_at);
    verity_partition.sync();
    verity_partition.write(seal(header, block_size), *header_at);
    verity_partition.sync();
}

bool write_slot_index_state(const Region& verity_partition, SlotIndexState state) {
    const auto header_at = header_offset(verity_partition);
    auto header = header_at ? read_header(verity_partition, *header_at) : std::nullopt;
    if (!header)
        return false;
    header->state = static_cast<std::uint32_t>(state);
    verity_partition.write(seal(*header, sector_size), *header_at);
    verity_partition.sync();
    return true;
}

namespace {

std::optional<StoredIndexHeader> find_index(const Region& verity_partition) {
    const auto header_at = header_offset(verity_partition);
    const auto header = header_at ? read_header(verity_partition, *header_at) : std::nullopt;
    const auto index_at =
        header ? index_offset(*header_at, header->data_size, header->index_size) : std::nullopt;
    if (!index_at)
        return std::nullopt;
    return StoredIndexHeader{static_cast<SlotIndexState>(std::uint32_t{header->state}),
                             Digest{header->root_hash}, header->data_size,
                             Digest{header->index_digest},
                             verity_partition.part(*index_at, header->index_size,
                                                   "block index in " + verity_partition.name())};
}

} // namespace

// A sector that cannot be read is one more index that does not check out. It must not keep a node
// from judging its slots, or from writing this one anew.

std::optional<StoredIndexHeader> read_slot_index_header(const Region& verity_partition) {
    try {
        return find_index(verity_partition);
    } catch (const Error&) {
        return std::nullopt;
    }
}

std::optional<StoredSlotIndex> read_slot_index(const Region& verity_partition) {
    const auto header = read_slot_index_header(verity_partition);
    if (!header)
        return std::nullopt;
    StoredSlotIndex stored{header->state, header->root_hash, header->data_size, {}};
    stored.index.resize(header->index.size());
    try {
        header->index.read(stored.index, 0);
    } catch (const Error&) {
        return std::nullopt;
    }
    if (sha256(stored.index) != header->index_digest)
        return std::nullopt;
    return stored;
}

bool is_intact(const StoredIndexHeader& header) {
    Sha256 hash;
    try {
        read_pieces(header.index, 0, [&hash](ByteView piece) { hash.update(piece); });
    } catch (const Error&) {
        return false;
    }
    return hash.finish() == header.index_digest;
}

bool walk_index(const StoredIndexHeader& header, const ChunkVisitor& visit) {
    if (header.index.size() < sizeof(IndexHeader) || !is_intact(header))
        return false;
    try {
        std::array<std::uint8_t, sizeof(IndexHeader)> start{};
        header.index.read(start, 0);
        const IndexHeader said = take_index_header(start);
        const std::uint64_t records = header.index.size() - sizeof(IndexHeader);
        if (records != (std::uint64_t{said.root_chunks} + said.uki_chunks) * sizeof(ChunkRecord))
            return false;
        std::uint64_t number = 0;
        std::uint64_t offset = 0;
        std::uint64_t root_size = 0;
        read_pieces(header.index, sizeof(IndexHeader), [&](ByteView piece) {
            for (; !piece.empty(); piece = piece.subspan(sizeof(ChunkRecord))) {
                const bool in_uki = number >= said.root_chunks;
                if (number++ == said.root_chunks)
                    offset = 0;
                const Chunk chunk = take_chunk(piece, in_uki);
                visit(chunk, in_uki, offset);
                offset += chunk.size;
                if (!in_uki)
                    root_size = offset;
            }
        });
        return root_size == said.root_size;
    } catch (const Error&) {
        return false;
    }
}

} // namespace quoin
