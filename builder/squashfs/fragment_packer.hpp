// SPDX-License-Identifier: Apache-2.0
// Which files' tails share a squashfs fragment block. Decided here and not by libsquashfs, whose
// packing fills each block to the brim: one byte more in one file would move every later boundary,
// and a node would fetch every later fragment block.
#pragma once

#include "base/bytes.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory_resource>
#include <string>
#include <unordered_map>

namespace quoin {

/// Where a tail lies: index of the fragment block and offset in it, uncompressed.
struct FragmentSlot {
    std::uint32_t block = 0;
    std::uint32_t offset = 0;
};

/// Collects tails into blocks of at most `block_size` bytes. A block ends before a file whose
/// *name* says so (every other, once it is half full), so boundaries come back into step soon after
/// a change, and few unchanged tails are fetched with a changed one. Equal tails are stored once.
class FragmentPacker {
  public:
    /// Receives finished blocks, in order of their index.
    using BlockSink = std::function<void(ByteView block)>;

    FragmentPacker(std::uint32_t block_size, BlockSink sink);

    /// `tail` is not empty and smaller than a block.
    FragmentSlot add(const std::string& file, ByteView tail);

    /// Hands over the last block, and forgets all tails.
    void finish();

  private:
    void close_block();

    std::uint32_t block_size_;
    BlockSink sink_;
    Bytes block_;
    std::uint32_t index_ = 0;

    using Hash = std::array<std::uint8_t, 16>;
    struct StartOf { // a hash needs no hashing
        std::size_t operator()(const Hash& hash) const noexcept {
            std::size_t start = 0;
            std::memcpy(&start, hash.data(), sizeof(start));
            return start;
        }
    };
    // One a small file: from a pool, since malloc would take half as much again.
    std::pmr::unsynchronized_pool_resource memory_;
    std::pmr::unordered_map<Hash, FragmentSlot, StartOf> known_{&memory_};
};

} // namespace quoin
