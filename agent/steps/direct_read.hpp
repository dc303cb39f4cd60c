// SPDX-License-Identifier: Apache-2.0
// Reading what the medium holds, not what the page cache remembers of it: what read-back needs.
#pragma once

#include "agent/steps/direct_io.hpp"
#include "base/region.hpp"

#include <cstdint>
#include <functional>

namespace quoin {

/// A read-back waits for the medium, and large requests keep it busier (tests/bench, `installs`).
constexpr std::size_t read_buffer_size = 512 * KiB;

/// Reads a region past the page cache: with O_DIRECT through a second descriptor of the same file,
/// or, where the file system refuses that (some overlays), after fdatasync with the cached
/// pages dropped before each read. Whatever was written through the region's own descriptor before
/// is seen. Changes nothing; holds two aligned buffers.
class DirectReader {
  public:
    /// Syncs the region's data first. The region's descriptor must outlive the reader.
    /// `buffer_size`: of each, a multiple of 4096.
    explicit DirectReader(const Region& region, std::size_t buffer_size = read_buffer_size);

    /// Fills `out` from `offset`; offset and size are multiples of 4096. Throws Error(refused) when
    /// they are not or lie outside the region, Error(failed) on I/O errors.
    void read(ByteSpan out, std::uint64_t offset);

    /// Hands [offset, offset + size) to `sink` in order, in pieces of at most a buffer that are
    /// valid during the call only; the next is read meanwhile. The same conditions as read().
    void stream(std::uint64_t offset, std::uint64_t size,
                const std::function<void(ByteView piece)>& sink);

    /// False where the page cache had to be dropped instead of bypassed.
    [[nodiscard]] bool direct() const { return static_cast<bool>(direct_); }

  private:
    void check(std::uint64_t offset, std::uint64_t size) const;
    /// Fills `piece`, which lies at the start of a buffer.
    void read_piece(ByteSpan piece, std::uint64_t offset);

    Region region_;
    UniqueFd direct_;
    std::size_t buffer_size_;
    AlignedBuffer buffer_;
    AlignedBuffer read_ahead_;
};

/// Forgets what the page cache holds of a region, after syncing it: ordinary reads then come from
/// the medium.
void drop_cached(const Region& region);

} // namespace quoin
