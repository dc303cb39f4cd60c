// SPDX-License-Identifier: Apache-2.0
// Pieces of any size into large writes: chunks of a root, blocks of a hash tree, a boot image.
#pragma once

#include "agent/steps/direct_io.hpp"
#include "base/region.hpp"

namespace quoin {

/// Gathers consecutive pieces into writes of up to 512 KiB that end on its multiples, and writes
/// them past the page cache: a node with a slow medium must not spend its memory on what waits for
/// it. Only the blocks of 4096 bytes that a piece shares with a neighbour go through the cache, and
/// all of it where the file system has no O_DIRECT. Holds 512 KiB.
class SlotWriter {
  public:
    /// The region's descriptor must outlive the writer.
    explicit SlotWriter(const Region& slot);

    /// `data` at `offset`; cheapest in ascending order.
    void put(std::uint64_t offset, ByteView data);
    /// Everything that was put is on the medium when this returns.
    void finish();

    [[nodiscard]] std::uint64_t written() const { return written_; }
    /// False where everything goes through the page cache, and waits for the medium each time.
    [[nodiscard]] bool direct() const { return static_cast<bool>(direct_); }

  private:
    void flush();
    bool write_direct(std::uint64_t start, std::uint64_t end);
    /// What the buffer holds of [start, end) of the slot.
    [[nodiscard]] ByteView buffered(std::uint64_t start, std::uint64_t end) const;

    Region slot_;
    UniqueFd direct_;
    AlignedBuffer buffer_;    ///< mirrors as much of the slot
    std::uint64_t start_ = 0; ///< in the slot, of what is in the buffer
    std::uint64_t end_ = 0;
    std::uint64_t written_ = 0;
};

} // namespace quoin
