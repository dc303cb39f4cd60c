// SPDX-License-Identifier: Apache-2.0
// Byte-packed chunks into large writes.
#pragma once

#include "base/region.hpp"

#include <memory>

namespace quoin {

/// Writes through the page cache, since chunks end at odd places, but never leaves more than
/// 16 MiB there unwritten: a node with a slow medium must not spend its memory on it. Consecutive
/// chunks are gathered into writes of up to 1 MiB that end on its multiples. Holds 1 MiB.
class SlotWriter {
  public:
    explicit SlotWriter(const Region& slot);

    /// `data` at `offset`; cheapest in ascending order.
    void put(std::uint64_t offset, ByteView data);
    /// Everything that was put is on the medium when this returns.
    void finish();

    [[nodiscard]] std::uint64_t written() const { return written_; }

  private:
    /// Bytes of the slot in which something was written since the last turn.
    struct Window {
        std::uint64_t start = UINT64_MAX;
        std::uint64_t end = 0;
        std::uint64_t bytes = 0;
    };

    void flush();
    void turn_window();
    void write_back(const Window& window, unsigned flags) const;

    Region slot_;
    std::unique_ptr<std::uint8_t[]> buffer_;
    std::uint64_t start_ = 0; ///< in the slot, of the buffer's content
    std::size_t used_ = 0;
    Window filling_;
    Window draining_;
    std::uint64_t written_ = 0;
};

} // namespace quoin
