// SPDX-License-Identifier: Apache-2.0
// The block index: hash and place of every block of a slot's squashfs and of its UKI. The same
// bytes travel in the bundle and lie in the slot's verity partition behind the tree, so that a node
// knows what it has without scanning. docs/formats/index.md.
#pragma once

#include "base/bytes.hpp"
#include "base/region.hpp"
#include "crypto/digest.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace quoin {

/// What a chunk is, for `diff` and for choosing a codec later.
enum class ChunkKind : std::uint8_t { data = 1, fragment = 2, table = 3, uki = 4 };

/// One chunk: `size` bytes of root or UKI whose SHA-256 starts with `hash`. The root hash and the
/// UKI's digest in the signed manifest have the last word; the truncated hash only finds and
/// checks.
struct Chunk {
    std::array<std::uint8_t, 16> hash{};
    std::uint32_t size = 0; ///< 1 … max_chunk_size
    ChunkKind kind = ChunkKind::data;
    std::uint16_t generation = 0; ///< 0 = first seen in this release, 1 = in the one before, …
};

/// Bytes of them all.
[[nodiscard]] std::uint64_t total_size(const std::vector<Chunk>& chunks);

inline constexpr std::uint32_t max_chunk_size = 1 << 20;
/// What an image of 8 GiB has in blocks of 128 KiB. The agent's memory goes by it (plan.hpp):
/// larger images take larger blocks.
inline constexpr std::uint64_t max_chunks = 65'536;
inline constexpr std::uint64_t max_index_size = 32 + max_chunks * 24;

/// A serialized index, read where it lies: 24 bytes a chunk and nothing beside them. Chunks are
/// numbered through, those of the root first. Borrows the bytes.
class IndexView {
  public:
    IndexView() = default;
    /// Throws Error(refused) on anything malformed: bad magic, sizes out of range, trailing bytes,
    /// reserved bits. `bytes` must be authenticated by the caller when it comes from a bundle.
    explicit IndexView(ByteView bytes);

    [[nodiscard]] std::uint32_t size() const { return root_chunks_ + uki_chunks_; }
    [[nodiscard]] std::uint32_t root_chunks() const { return root_chunks_; }
    [[nodiscard]] bool in_uki(std::uint32_t number) const { return number >= root_chunks_; }
    /// `number` is below size().
    [[nodiscard]] Chunk chunk(std::uint32_t number) const;

    [[nodiscard]] std::uint64_t root_size() const { return root_size_; }
    [[nodiscard]] std::uint64_t uki_size() const { return uki_size_; }

  private:
    ByteView records_;
    std::uint32_t root_chunks_ = 0;
    std::uint32_t uki_chunks_ = 0;
    std::uint64_t root_size_ = 0;
    std::uint64_t uki_size_ = 0;
};

/// The chunks of the root, in order and without gaps, then those of the UKI.
struct SlotIndex {
    std::vector<Chunk> root;
    std::vector<Chunk> uki;

    [[nodiscard]] std::uint64_t root_size() const;
    [[nodiscard]] std::uint64_t uki_size() const;

    /// Throws Error(refused) on what parse() would refuse.
    [[nodiscard]] Bytes serialize() const;
    /// Refuses what IndexView refuses.
    [[nodiscard]] static SlotIndex parse(ByteView bytes);
};

/// The hash of a chunk: SHA-256 truncated to 16 bytes.
[[nodiscard]] std::array<std::uint8_t, 16> chunk_hash(ByteView content);

/// Splits a UKI into chunks: each section in pieces of at most max_chunk_size, and what lies
/// between and around sections (headers, padding, the certificate table). Throws Error(refused)
/// when it is not a well-formed PE image.
[[nodiscard]] std::vector<Chunk> index_uki(ByteView uki);

/// Whether the slot holds what its index says, or is being written and may hold anything.
enum class SlotIndexState : std::uint32_t { writing = 1, complete = 2 };

/// The index as it lies in a slot's verity partition: for readers that want all of it at hand.
struct StoredSlotIndex {
    SlotIndexState state = SlotIndexState::complete;
    Digest root_hash;            ///< of the release the index belongs to
    std::uint64_t data_size = 0; ///< of the root, so that the place behind the tree is known
    Bytes index;                 ///< serialized; checked against its digest in the header
};

/// The header takes the last whole 4096-byte block of the partition, the index the blocks before
/// it: both are found without knowing the tree's size. Index first, then the header, each synced; a
/// power cut between the two leaves no index, never a wrong one. Throws Error(refused) before the
/// first write when tree, index and header do not all fit.
void write_slot_index(const Region& verity_partition, SlotIndexState state, const Digest& root_hash,
                      std::uint64_t data_size, ByteView index);

/// Changes only the header's state: one sector, synced. False when there is no intact header, and
/// then nothing is written.
bool write_slot_index_state(const Region& verity_partition, SlotIndexState state);

/// Nothing when there is none or it is damaged: lost knowledge costs time, never a wrong byte.
[[nodiscard]] std::optional<StoredSlotIndex> read_slot_index(const Region& verity_partition);

/// What the header of a stored index says; the index itself has not been looked at.
struct StoredIndexHeader {
    SlotIndexState state = SlotIndexState::complete;
    Digest root_hash;
    std::uint64_t data_size = 0;
    Digest index_digest;
    Region index; ///< where it lies
};

/// Nothing when there is none or it is damaged.
[[nodiscard]] std::optional<StoredIndexHeader>
read_slot_index_header(const Region& verity_partition);

/// True when the medium holds the index that the header speaks of. Like the next one it holds
/// 48 KiB, whatever the size of the index.
[[nodiscard]] bool is_intact(const StoredIndexHeader& header);

/// `offset` is the chunk's place in its root or UKI.
using ChunkVisitor = std::function<void(const Chunk& chunk, bool in_uki, std::uint64_t offset)>;

/// Calls `visit` for every chunk of an intact index, in its order. False when it is not one: then
/// nothing that was visited means anything. `visit` throws no Error.
[[nodiscard]] bool walk_index(const StoredIndexHeader& header, const ChunkVisitor& visit);

} // namespace quoin
