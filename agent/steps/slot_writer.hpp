// SPDX-License-Identifier: Apache-2.0
// Pieces of any size into large writes: chunks of a root, blocks of a hash tree, a boot image.
#pragma once

#include "agent/steps/direct_io.hpp"
#include "base/background.hpp"
#include "base/region.hpp"

namespace quoin {

/// Gathers consecutive pieces into writes of a buffer's size that end on its multiples, and writes
/// them past the page cache: a node with a slow medium must not spend its memory on what waits for
/// it. Only the blocks of 4096 bytes that a piece shares with a neighbour go through the cache, and
/// all of it where the file system has no O_DIRECT. One write is under way, on a thread of its own,
/// while the next is gathered: two buffers of `buffer_size`, a multiple of 4096.
class SlotWriter {
  public:
    /// The region's descriptor must outlive the writer.
    explicit SlotWriter(const Region& slot, std::size_t buffer_size = direct_buffer_size);

    /// `data` at `offset`; cheapest in ascending order. Throws Error(failed) when this or an
    /// earlier piece cannot be written, Error(refused) when one does not lie in the slot.
    void put(std::uint64_t offset, ByteView data);
    /// Everything that was put is on the medium when this returns. Throws what put() throws:
    /// without it, a write that fails may go unnoticed.
    void finish();

    /// Bytes that were put.
    [[nodiscard]] std::uint64_t written() const { return written_; }
    /// False where everything went through the page cache, waiting for the medium each time. Asked
    /// after finish().
    [[nodiscard]] bool direct() const { return static_cast<bool>(direct_); }

  private:
    /// Starts to write what is gathered, once the write before is done.
    void flush();
    /// In the background: [start, end) of the slot, from the buffer in flight.
    void write(std::uint64_t start, std::uint64_t end);
    bool write_direct(ByteView data, std::uint64_t start);

    Region slot_;
    std::size_t buffer_size_;
    UniqueFd direct_;
    AlignedBuffer gathering_; ///< mirrors as much of the slot
    AlignedBuffer in_flight_;
    std::uint64_t start_ = 0; ///< in the slot, of what is gathered
    std::uint64_t end_ = 0;
    std::uint64_t written_ = 0;
    Background writing_; ///< last: waited for before the buffers go
};

} // namespace quoin
