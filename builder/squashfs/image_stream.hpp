// SPDX-License-Identifier: Apache-2.0
// The squashfs as it leaves the builder: append-only, so that the verity leaves and the block index
// are made from the same bytes at the moment they are written and nothing is read twice.
#pragma once

#include "base/fd.hpp"
#include "disk/slot_index.hpp"
#include "disk/verity.hpp"

#include <vector>

namespace quoin {

/// Tables are indexed in pieces of at most this size, cut where a metadata block ends.
inline constexpr std::uint64_t table_chunk_size = 64 << 10;

/// Writes an image to [offset, …) of a file. Order: begin, blocks, tables, finish.
class ImageStream {
  public:
    /// `leaves` has got nothing yet; `name` is for messages.
    ImageStream(FdRef out, std::uint64_t offset, VerityLeaves leaves, std::string name);

    /// Reserves room for the superblock and writes what follows it at once (compressor options).
    void begin(std::uint64_t superblock_size, ByteView options);

    /// One data or fragment block: one chunk of the index. Returns its position in the image.
    /// Throws Error(refused) when the image has more chunks than an index may.
    std::uint64_t append_block(ByteView block, ChunkKind kind);

    /// A piece of a table: a metadata block with its header, or a list of locations.
    void append_table(ByteView piece);

    /// Bytes that were appended earlier; throws Error(failed) beyond the end.
    void read(std::uint64_t position, ByteSpan out) const;

    /// Bytes so far.
    [[nodiscard]] std::uint64_t size() const { return written_ + buffer_.size(); }

    /// Pads with zeros to a multiple of 4096, writes the superblock, completes leaves and index.
    /// Durable only when the caller has synced the file.
    void finish(ByteView superblock);

    /// What was written so far, in order and without gaps; tables appear when `finish()` is done.
    [[nodiscard]] const std::vector<Chunk>& chunks() const { return chunks_; }

    /// After `finish()`: the leaves of the verity tree and the index, given away.
    [[nodiscard]] VerityLeaves take_leaves() { return std::move(leaves_); }
    [[nodiscard]] std::vector<Chunk> take_chunks() { return std::move(chunks_); }

  private:
    void append(ByteView data);
    void flush();
    void add_chunk(ByteView content, ChunkKind kind);
    void close_table_chunk();

    FdRef out_;
    std::uint64_t offset_;
    std::string name_;
    VerityLeaves leaves_;
    std::vector<Chunk> chunks_;
    Bytes buffer_;
    Bytes table_;
    std::uint64_t written_ = 0;
};

} // namespace quoin
