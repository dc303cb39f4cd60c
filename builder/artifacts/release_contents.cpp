// SPDX-License-Identifier: Apache-2.0
// A content is told apart by the hashes of its blocks, which the index has, and its tail: nothing
// but fragment blocks is decompressed.
#include "builder/artifacts/release_contents.hpp"

#include "base/error.hpp"
#include "base/units.hpp"
#include "builder/artifacts/package_owners.hpp"
#include "builder/interruption.hpp"
#include "bundle/contents_layout.hpp"
#include "disk/uki.hpp"

#include <algorithm>

namespace quoin {

namespace {

/// Finds chunks by place.
class ChunkMap {
  public:
    ChunkMap(const std::vector<Chunk>& chunks, std::size_t first_number) : first_(first_number) {
        std::uint64_t start = 0;
        for (const Chunk& chunk : chunks) {
            starts_.push_back(start);
            start += chunk.size;
        }
        starts_.push_back(start);
    }

    /// The number of the chunk that starts at a place.
    [[nodiscard]] std::uint32_t at(std::uint64_t place) const {
        const auto found = std::ranges::lower_bound(starts_, place);
        if (found == starts_.end() || *found != place)
            throw refused("cannot describe the root: its blocks are not the chunks of its index");
        return static_cast<std::uint32_t>(first_ +
                                          static_cast<std::size_t>(found - starts_.begin()));
    }

  private:
    std::size_t first_;
    std::vector<std::uint64_t> starts_; ///< of every chunk, and the end
};

std::uint32_t digest_start(const Digest& digest) {
    return load<le32>(digest.bytes);
}

std::uint32_t content_of(const std::vector<Chunk>& chunks, const ContentsEntry& entry,
                         const FilePlace& place) {
    Sha256 hash;
    hash.update(view_of(le64(place.size)));
    for (std::uint32_t i = 0; i < entry.chunks; ++i)
        hash.update(chunks[entry.first_chunk + i].hash);
    return digest_start(hash.update(place.tail).finish());
}

} // namespace

ReleaseContents::ReleaseContents(RootReader& root, const std::vector<Chunk>& root_chunks)
    : owners_(root, *texts_) {
    const ChunkMap chunks(root_chunks, 0);
    std::uint64_t size = 0; // of the table, with nothing but what is listed so far
    root.each_file([&](const std::string& path, const FilePlace& place) {
        check_interruption();
        ContentsEntry entry;
        const std::string name = "/" + path;
        // Now and not when it is serialized: a path may be far longer than its source spells it.
        size += name.size() + 1 + contents_row_size;
        if (size > max_contents_memory)
            throw refused("cannot list the files of the root: their paths take more than " +
                          format_size(max_contents_memory));
        entry.name = texts_->keep(name);
        entry.package = owners_.owner_of(path);
        if (place.blocks_size > 0) {
            entry.first_chunk = chunks.at(place.blocks_start);
            entry.chunks = chunks.at(place.blocks_start + place.blocks_size) - entry.first_chunk;
        }
        if (place.tail_block) {
            entry.tail_chunk = chunks.at(*place.tail_block);
            entry.tail_size = static_cast<std::uint32_t>(place.tail.size());
        }
        entry.content = content_of(root_chunks, entry, place);
        contents_.entries.push_back(entry);
    });
}

Contents ReleaseContents::with_uki(const SlotIndex& index, ByteView uki) && {
    const ChunkMap chunks(index.uki, index.root.size());
    const Bytes release = uki_section(uki, ".uname");
    const std::string kernel = "boot/vmlinuz-" + std::string(text_of(release));
    for (const UkiSectionPlace& section : uki_sections(uki)) {
        if (section.size == 0)
            continue;
        ContentsEntry entry;
        entry.name = texts_->keep(section.name);
        entry.package = section.name == ".linux" ? owners_.owner_of(kernel) : std::string_view();
        entry.first_chunk = chunks.at(section.offset);
        entry.chunks = chunks.at(section.offset + section.size) - entry.first_chunk;
        entry.content = digest_start(sha256(uki.subspan(section.offset, section.size)));
        contents_.entries.push_back(entry);
    }
    std::ranges::sort(contents_.entries, {}, &ContentsEntry::name);
    contents_.texts = texts_;
    return std::move(contents_);
}

} // namespace quoin
