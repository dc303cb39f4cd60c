// SPDX-License-Identifier: Apache-2.0
// Where libsquashfs puts its compressed blocks: in order, deduplicated, never taken back.
#pragma once

#include "builder/squashfs/image_stream.hpp"
#include "builder/squashfs/sqfs.hpp"

#include <exception>
#include <map>
#include <sqfs/block_writer.h>
#include <vector>

namespace quoin {

/// Where a fragment block ended up; handed to the block processor as the block's user pointer.
struct FragmentPlace {
    std::uint64_t location = 0;
    std::uint32_t stored_size = 0; ///< as in the fragment table: bit 24 set when not compressed
};

/// Called by the block processor on the thread that feeds it, in the order of submission.
///
/// A file whose blocks all repeat a run of earlier blocks is not written again. Since what is
/// written cannot be taken back (it is hashed already), a file's blocks are held back as references
/// as long as they repeat earlier ones; when a file turns out to differ after all, the repeated
/// part is copied from the image. Memory: 32 bytes a block, one block of content.
class BlockWriter : public sqfs_block_writer_t {
  public:
    explicit BlockWriter(ImageStream& stream);
    BlockWriter(const BlockWriter&) = delete;
    BlockWriter& operator=(const BlockWriter&) = delete;

    /// Throws what went wrong in a callback; libsquashfs only passes on that something did.
    void rethrow_failure() const;

  private:
    struct Block {
        std::uint64_t location;
        Chunk chunk;
    };
    static int write_callback(sqfs_block_writer_t* self, void* user, sqfs_u32 size,
                              sqfs_u32 checksum, sqfs_u32 flags, const sqfs_u8* data,
                              sqfs_u64* location) noexcept;

    void write_fragment(ByteView block, bool compressed, FragmentPlace& place);
    void add_to_file(ByteView block);
    void store(ByteView block);
    void copy_repeated();
    [[nodiscard]] std::uint64_t file_location() const;
    [[nodiscard]] bool matches(std::size_t index, const Chunk& chunk) const;

    ImageStream& stream_;
    std::vector<Block> blocks_; ///< data blocks in the image; neighbours here are neighbours there
    std::multimap<std::array<std::uint8_t, 16>, std::size_t> by_hash_;

    // The file that is being written:
    std::vector<std::size_t> repeated_from_; ///< runs of earlier blocks that it repeats so far
    std::size_t repeated_ = 0;               ///< its blocks that are only references
    std::size_t first_block_ = 0;            ///< its first written block
    bool any_written_ = false;

    std::exception_ptr failure_;
};

} // namespace quoin
