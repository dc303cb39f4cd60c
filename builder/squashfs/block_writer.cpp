// SPDX-License-Identifier: Apache-2.0
#include "builder/squashfs/block_writer.hpp"

#include <algorithm>
#include <sqfs/block.h>
#include <sqfs/error.h>

namespace quoin {

namespace {

// A block that occurs more often than this is compared with its first occurrences only, so that
// building stays linear for roots made of many equal blocks.
constexpr std::size_t most_candidates = 64;

constexpr std::uint32_t not_compressed = 1U << 24;

} // namespace

BlockWriter::BlockWriter(ImageStream& stream) : sqfs_block_writer_t{}, stream_(stream) {
    base.destroy = nullptr; // lives in its owner, not on libsquashfs's heap
    base.copy = nullptr;
    write_data_block = write_callback;
    get_block_count = [](const sqfs_block_writer_t* self) -> sqfs_u64 {
        return static_cast<const BlockWriter*>(self)->blocks_.size();
    };
}

void BlockWriter::rethrow_failure() const {
    if (failure_)
        std::rethrow_exception(failure_);
}

int BlockWriter::write_callback(sqfs_block_writer_t* base, void* user, sqfs_u32 size,
                                sqfs_u32 /*checksum*/, sqfs_u32 flags, const sqfs_u8* data,
                                sqfs_u64* location) noexcept {
    auto& self = *static_cast<BlockWriter*>(base);
    try {
        const ByteView block(data, size);
        if (user != nullptr) {
            self.write_fragment(block, (flags & SQFS_BLK_IS_COMPRESSED) != 0,
                                *static_cast<FragmentPlace*>(user));
            *location = 0;
            return 0;
        }
        if ((flags & SQFS_BLK_FIRST_BLOCK) != 0) {
            self.repeated_from_.clear();
            self.repeated_ = 0;
            self.any_written_ = false;
        }
        // An all-zero block is only a zero in the inode's list; the last call may carry no block.
        if (size != 0 && (flags & SQFS_BLK_IS_SPARSE) == 0)
            self.add_to_file(block);
        *location = self.file_location();
        return 0;
    } catch (...) {
        self.failure_ = std::current_exception();
        return SQFS_ERROR_IO;
    }
}

void BlockWriter::write_fragment(ByteView block, bool compressed, FragmentPlace& place) {
    place.location = stream_.append_block(block, ChunkKind::fragment);
    place.stored_size =
        static_cast<std::uint32_t>(block.size()) | (compressed ? 0 : not_compressed);
}

bool BlockWriter::matches(std::size_t index, const Chunk& chunk) const {
    if (index >= blocks_.size() || blocks_[index].chunk.size != chunk.size ||
        blocks_[index].chunk.hash != chunk.hash)
        return false;
    // A fragment block may lie between two data blocks; a file's blocks must follow each other.
    const auto& before = blocks_[index - (repeated_ == 0 ? 0 : 1)];
    return repeated_ == 0 || before.location + before.chunk.size == blocks_[index].location;
}

void BlockWriter::add_to_file(ByteView block) {
    if (any_written_) {
        store(block);
        return;
    }
    Chunk chunk;
    chunk.hash = chunk_hash(block);
    chunk.size = static_cast<std::uint32_t>(block.size());

    std::vector<std::size_t> still_repeated;
    if (repeated_ == 0) {
        const auto [first, last] = by_hash_.equal_range(chunk.hash);
        for (auto it = first; it != last && still_repeated.size() < most_candidates; ++it)
            if (matches(it->second, chunk))
                still_repeated.push_back(it->second);
    } else {
        std::copy_if(repeated_from_.begin(), repeated_from_.end(),
                     std::back_inserter(still_repeated),
                     [&](std::size_t start) { return matches(start + repeated_, chunk); });
    }
    if (still_repeated.empty()) {
        copy_repeated();
        store(block);
    } else {
        repeated_from_ = std::move(still_repeated);
        ++repeated_;
    }
}

void BlockWriter::copy_repeated() {
    Bytes content;
    for (std::size_t i = 0; i < repeated_; ++i) {
        const Block& original = blocks_[repeated_from_.front() + i];
        content.resize(original.chunk.size);
        stream_.read(original.location, content);
        store(content);
    }
    repeated_ = 0;
}

void BlockWriter::store(ByteView block) {
    const std::uint64_t location = stream_.append_block(block, ChunkKind::data);
    if (!any_written_)
        first_block_ = blocks_.size();
    any_written_ = true;
    by_hash_.emplace(stream_.chunks().back().hash, blocks_.size());
    blocks_.push_back({location, stream_.chunks().back()});
}

std::uint64_t BlockWriter::file_location() const {
    if (any_written_)
        return blocks_[first_block_].location;
    return repeated_ > 0 ? blocks_[repeated_from_.front()].location : 0;
}

} // namespace quoin
