// SPDX-License-Identifier: Apache-2.0
#include "agent/steps/slot_writer.hpp"

#include "base/units.hpp"

#include <algorithm>

namespace quoin {

SlotWriter::SlotWriter(const Region& slot)
    : slot_(slot), direct_(reopen_direct(slot, O_WRONLY)), buffer_(aligned_buffer()) {}

ByteView SlotWriter::buffered(std::uint64_t start, std::uint64_t end) const {
    return {buffer_.get() + start % direct_buffer_size, end - start};
}

void SlotWriter::put(std::uint64_t offset, ByteView data) {
    if (offset != end_)
        flush();
    while (!data.empty()) {
        if (start_ == end_)
            start_ = end_ = offset;
        const std::uint64_t place = end_ % direct_buffer_size;
        const auto count = std::min<std::uint64_t>(direct_buffer_size - place, data.size());
        std::copy_n(data.begin(), count, buffer_.get() + place);
        end_ += count;
        offset += count;
        data = data.subspan(count);
        if (end_ % direct_buffer_size == 0)
            flush();
    }
}

void SlotWriter::flush() {
    const std::uint64_t first_block = std::min(round_up(start_, direct_alignment), end_);
    const std::uint64_t last_block =
        std::max(end_ / direct_alignment * direct_alignment, first_block);
    // What a block shares with its neighbour waits in the cache for it: one write instead of two.
    slot_.write(buffered(start_, first_block), start_);
    if (first_block != last_block && !write_direct(first_block, last_block)) {
        slot_.write(buffered(first_block, last_block), first_block);
        write_back(slot_.fd(), slot_.start() + first_block, last_block - first_block);
    }
    slot_.write(buffered(last_block, end_), last_block);
    written_ += end_ - start_;
    start_ = end_;
}

bool SlotWriter::write_direct(std::uint64_t start, std::uint64_t end) {
    if (!direct_)
        return false;
    const Region direct(direct_, slot_.start(), slot_.size(), slot_.name());
    if (!direct.write_direct(buffered(start, end), start))
        direct_.reset();
    return this->direct();
}

void SlotWriter::finish() {
    flush();
    slot_.sync();
}

} // namespace quoin
