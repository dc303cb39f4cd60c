// SPDX-License-Identifier: Apache-2.0
#include "builder/squashfs/fragment_packer.hpp"

#include "crypto/digest.hpp"
#include "disk/slot_index.hpp"

namespace quoin {

namespace {

// From Debian 12 as released to its updates, fuller blocks would fetch a tenth more of the
// fragments, in an image 0.2 % smaller.
constexpr std::uint8_t boundary_mask = 0x01; // every other name may start a block

bool may_start_block(const std::string& file) {
    return (sha256(bytes_of(file)).bytes[0] & boundary_mask) == 0;
}

} // namespace

FragmentPacker::FragmentPacker(std::uint32_t block_size, BlockSink sink)
    : block_size_(block_size), sink_(std::move(sink)) {}

FragmentSlot FragmentPacker::add(const std::string& file, ByteView tail) {
    const auto hash = chunk_hash(tail);
    if (const auto found = known_.find(hash); found != known_.end())
        return found->second;

    const bool full = block_.size() + tail.size() > block_size_;
    const bool may_end = block_.size() >= block_size_ / 2;
    if (full || (may_end && may_start_block(file)))
        close_block();

    const FragmentSlot slot{index_, static_cast<std::uint32_t>(block_.size())};
    block_.insert(block_.end(), tail.begin(), tail.end());
    known_.emplace(hash, slot);
    return slot;
}

void FragmentPacker::close_block() {
    sink_(block_);
    block_.clear();
    ++index_;
}

void FragmentPacker::finish() {
    if (!block_.empty())
        close_block();
    known_ = decltype(known_)(&memory_);
    memory_.release();
}

} // namespace quoin
