// SPDX-License-Identifier: Apache-2.0
#include "agent/fetch/chunk_fetcher.hpp"

#include "base/units.hpp"

#include <algorithm>
#include <array>

namespace quoin {

namespace {
/// A request costs a round trip; on most links that is worth more than these bytes.
constexpr std::uint64_t merged_gap = 64 * KiB;
} // namespace

DataRange range_from(const WantedChunks& wanted, std::size_t first, bool seekable) {
    const std::uint64_t gap = seekable ? merged_gap : UINT64_MAX;
    const WantedChunk start = wanted.at(first);
    DataRange range{start.data_offset, start.data_offset + start.size};
    for (std::size_t i = first + 1; i < wanted.count; ++i) {
        const WantedChunk next = wanted.at(i);
        if (next.data_offset < range.end || next.data_offset - range.end > gap)
            break;
        range.end = next.data_offset + next.size;
    }
    return range;
}

ChunkFetcher::ChunkFetcher(BundleSource& source, std::uint64_t data_start, WantedChunks wanted)
    : source_(source), data_start_(data_start), wanted_(std::move(wanted)) {}

void ChunkFetcher::start_range() {
    range_ = range_from(wanted_, next_, source_.seekable());
    place_ = range_.start;
    source_.start(data_start_ + range_.start, range_.end - range_.start);
}

void ChunkFetcher::skip_to(std::uint64_t place) {
    std::array<std::uint8_t, 4096> unwanted;
    while (place_ < place) {
        const auto count = std::min<std::uint64_t>(unwanted.size(), place - place_);
        read_on(source_, ByteSpan(unwanted).first(count));
        place_ += count;
    }
}

ByteView ChunkFetcher::read_chunk(const WantedChunk& chunk) {
    skip_to(chunk.data_offset);
    content_.resize(chunk.size);
    read_on(source_, content_);
    place_ += content_.size();
    return content_;
}

ByteView ChunkFetcher::next() {
    const WantedChunk chunk = wanted_.at(next_);
    if (place_ > chunk.data_offset || chunk.data_offset + chunk.size > range_.end)
        start_range();
    ByteView content = read_chunk(chunk);
    if (chunk_hash(content) != chunk.hash) {
        range_ = {chunk.data_offset, chunk.data_offset + chunk.size};
        place_ = range_.start;
        source_.start_again(data_start_ + range_.start, chunk.size);
        content = read_chunk(chunk);
        if (chunk_hash(content) != chunk.hash)
            throw refused("cannot use '" + source_.name() + "': the block at byte " +
                          std::to_string(data_start_ + chunk.data_offset) + " is damaged");
    }
    ++next_;
    delivered_ += content.size();
    return content;
}

} // namespace quoin
