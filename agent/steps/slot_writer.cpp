// SPDX-License-Identifier: Apache-2.0
#include "agent/steps/slot_writer.hpp"

#include "base/units.hpp"

#include <algorithm>
#include <utility>

namespace quoin {

SlotWriter::SlotWriter(const Region& slot, std::size_t buffer_size)
    : slot_(slot), buffer_size_(buffer_size), direct_(reopen_direct(slot, O_WRONLY)),
      gathering_(aligned_buffer(buffer_size)), in_flight_(aligned_buffer(buffer_size)) {}

void SlotWriter::put(std::uint64_t offset, ByteView data) {
    if (offset != end_)
        flush();
    while (!data.empty()) {
        if (start_ == end_)
            start_ = end_ = offset;
        const std::uint64_t place = end_ % buffer_size_;
        const auto count = std::min<std::uint64_t>(buffer_size_ - place, data.size());
        std::copy_n(data.begin(), count, gathering_.get() + place);
        end_ += count;
        offset += count;
        written_ += count;
        data = data.subspan(count);
        if (end_ % buffer_size_ == 0)
            flush();
    }
}

void SlotWriter::flush() {
    writing_.wait();
    if (start_ == end_)
        return;
    std::swap(gathering_, in_flight_);
    writing_.start([this, start = start_, end = end_] { write(start, end); });
    start_ = end_;
}

void SlotWriter::write(std::uint64_t start, std::uint64_t end) {
    const auto gathered = [this](std::uint64_t from, std::uint64_t to) {
        return ByteView(in_flight_.get() + from % buffer_size_, to - from);
    };
    const std::uint64_t first_block = std::min(round_up(start, direct_alignment), end);
    const std::uint64_t last_block =
        std::max(end / direct_alignment * direct_alignment, first_block);
    // What a block shares with its neighbour waits in the cache for it: one write instead of two.
    slot_.write(gathered(start, first_block), start);
    const ByteView blocks = gathered(first_block, last_block);
    if (!blocks.empty() && !write_direct(blocks, first_block)) {
        slot_.write(blocks, first_block);
        write_back(slot_.fd(), slot_.start() + first_block, blocks.size());
    }
    slot_.write(gathered(last_block, end), last_block);
}

bool SlotWriter::write_direct(ByteView data, std::uint64_t start) {
    if (!direct_)
        return false;
    const Region direct(direct_, slot_.start(), slot_.size(), slot_.name());
    if (!direct.write_direct(data, start))
        direct_.reset();
    return static_cast<bool>(direct_);
}

void SlotWriter::finish() {
    flush();
    writing_.wait();
    slot_.sync();
}

} // namespace quoin
