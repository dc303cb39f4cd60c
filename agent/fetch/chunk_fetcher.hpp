// SPDX-License-Identifier: Apache-2.0
// Chunks out of a bundle, each checked before it is handed on.
#pragma once

#include "agent/fetch/bundle_source.hpp"
#include "disk/slot_index.hpp"

#include <functional>

namespace quoin {

/// A chunk that is to come from the bundle.
struct WantedChunk {
    std::array<std::uint8_t, 16> hash{};
    std::uint32_t size = 0;
    std::uint64_t data_offset = 0; ///< in the data area
};

/// Chunks in the order in which they are wanted, made when they are asked for.
struct WantedChunks {
    std::size_t count = 0;
    std::function<WantedChunk(std::size_t)> at; ///< of numbers below `count`
};

/// A stretch of the data area that one request brings.
struct DataRange {
    std::uint64_t start = 0;
    std::uint64_t end = 0;
};

/// The range that starts with the chunk `first` and goes on as long as one request is better than
/// two: gaps of up to 64 KiB are transferred rather than asked around, all of them where the source
/// cannot seek.
[[nodiscard]] DataRange range_from(const WantedChunks& wanted, std::size_t first, bool seekable);

/// Delivers the wanted chunks one by one, in the order given, in ranges as above. Holds one chunk
/// (at most 1 MiB).
class ChunkFetcher {
  public:
    /// `data_start` is the place of the data area in the bundle; the source outlives this.
    ChunkFetcher(BundleSource& source, std::uint64_t data_start, WantedChunks wanted);

    /// The next chunk's content, valid until the next call. A chunk with a wrong hash is fetched
    /// once more, then Error(refused). Must not be called more often than there are chunks.
    [[nodiscard]] ByteView next();

    /// Content bytes delivered so far.
    [[nodiscard]] std::uint64_t delivered() const { return delivered_; }

  private:
    void start_range();
    void skip_to(std::uint64_t place);
    [[nodiscard]] ByteView read_chunk(const WantedChunk& chunk);

    BundleSource& source_;
    std::uint64_t data_start_;
    WantedChunks wanted_;
    std::size_t next_ = 0;
    std::uint64_t place_ = 0; ///< in the data area, of the next byte the source delivers
    DataRange range_;         ///< started last
    std::uint64_t delivered_ = 0;
    Bytes content_;
};

} // namespace quoin
