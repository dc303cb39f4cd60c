// SPDX-License-Identifier: Apache-2.0
#include "builder/squashfs/image_stream.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/units.hpp"

#include <algorithm>

namespace quoin {

namespace {

constexpr std::size_t write_size = MiB; // writes are coalesced to about this size

} // namespace

ImageStream::ImageStream(FdRef out, std::uint64_t offset, VerityLeaves leaves, std::string name)
    : out_(out), offset_(offset), name_(std::move(name)), leaves_(std::move(leaves)) {}

void ImageStream::begin(std::uint64_t superblock_size, ByteView options) {
    Bytes head(superblock_size);
    head.insert(head.end(), options.begin(), options.end());
    append(head);
    add_chunk(head, ChunkKind::table); // its hash is made anew by finish()
}

std::uint64_t ImageStream::append_block(ByteView block, ChunkKind kind) {
    const std::uint64_t position = size();
    append(block);
    add_chunk(block, kind);
    return position;
}

void ImageStream::append_table(ByteView piece) {
    append(piece);
    if (!table_.empty() && table_.size() + piece.size() > table_chunk_size)
        close_table_chunk();
    table_.insert(table_.end(), piece.begin(), piece.end());
}

void ImageStream::close_table_chunk() {
    for (ByteView rest = table_; !rest.empty();) {
        const auto piece = rest.first(std::min<std::size_t>(rest.size(), max_chunk_size));
        add_chunk(piece, ChunkKind::table);
        rest = rest.subspan(piece.size());
    }
    table_.clear();
}

void ImageStream::add_chunk(ByteView content, ChunkKind kind) {
    if (chunks_.size() == max_chunks) // here and not only in the end, when hours may have passed
        throw refused("cannot describe the root: it has more than " + std::to_string(max_chunks) +
                      " blocks; a larger 'block_size' makes fewer");
    Chunk chunk;
    chunk.hash = chunk_hash(content);
    chunk.size = static_cast<std::uint32_t>(content.size());
    chunk.kind = kind;
    chunks_.push_back(chunk);
}

void ImageStream::append(ByteView data) {
    leaves_.update(data);
    buffer_.insert(buffer_.end(), data.begin(), data.end());
    if (buffer_.size() >= write_size)
        flush();
}

void ImageStream::flush() {
    pwrite_all(out_, buffer_, offset_ + written_, name_);
    begin_writeback(out_, offset_ + written_, buffer_.size());
    written_ += buffer_.size();
    buffer_.clear();
}

void ImageStream::read(std::uint64_t position, ByteSpan out) const {
    if (position > size() || out.size() > size() - position)
        throw Error("cannot read root image: beyond what is written so far");
    std::size_t from_file = 0;
    if (position < written_) {
        from_file =
            static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), written_ - position));
        pread_exact(out_, out.first(from_file), offset_ + position, name_);
    }
    if (from_file < out.size()) {
        const std::uint64_t start = position + from_file - written_;
        std::copy_n(buffer_.begin() + static_cast<std::ptrdiff_t>(start), out.size() - from_file,
                    out.begin() + static_cast<std::ptrdiff_t>(from_file));
    }
}

void ImageStream::finish(ByteView superblock) {
    const Bytes padding(round_up(size(), verity_block_size) - size());
    append(padding);
    table_.insert(table_.end(), padding.begin(), padding.end());
    close_table_chunk();
    flush();

    Bytes first(verity_block_size);
    read(0, first);
    std::copy(superblock.begin(), superblock.end(), first.begin());
    pwrite_all(out_, first, offset_, name_);
    leaves_.rewrite(0, first);
    chunks_.front().hash = chunk_hash(ByteView(first).first(chunks_.front().size));
}

} // namespace quoin
