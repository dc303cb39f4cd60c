// SPDX-License-Identifier: Apache-2.0
// Two windows of 8 MiB take turns: while one is filled the kernel writes the other out, and before
// they swap that must have ended. sync_file_range makes nothing durable; finish() does.
#include "agent/steps/slot_writer.hpp"

#include "base/error.hpp"
#include "base/units.hpp"

#include <algorithm>
#include <cerrno>

namespace quoin {

namespace {
constexpr std::uint64_t largest_write = 1 * MiB;
constexpr std::uint64_t window_size = 8 * MiB;
} // namespace

SlotWriter::SlotWriter(const Region& slot)
    : slot_(slot), buffer_(std::make_unique<std::uint8_t[]>(largest_write)) {}

void SlotWriter::put(std::uint64_t offset, ByteView data) {
    if (offset != start_ + used_)
        flush();
    while (!data.empty()) {
        if (used_ == 0)
            start_ = offset;
        const std::uint64_t space = largest_write - (start_ + used_) % largest_write;
        const auto count = std::min<std::uint64_t>(space, data.size());
        std::copy_n(data.begin(), count, buffer_.get() + used_);
        used_ += count;
        offset += count;
        data = data.subspan(count);
        if (count == space)
            flush();
    }
}

void SlotWriter::flush() {
    if (used_ == 0)
        return;
    slot_.write({buffer_.get(), used_}, start_);
    filling_.start = std::min(filling_.start, start_);
    filling_.end = std::max(filling_.end, start_ + used_);
    filling_.bytes += used_;
    written_ += used_;
    used_ = 0;
    if (filling_.bytes >= window_size)
        turn_window();
}

void SlotWriter::turn_window() {
    if (draining_.bytes > 0)
        write_back(draining_, SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
                                  SYNC_FILE_RANGE_WAIT_AFTER);
    write_back(filling_, SYNC_FILE_RANGE_WRITE);
    draining_ = std::exchange(filling_, {});
}

void SlotWriter::write_back(const Window& window, unsigned flags) const {
    const auto size = static_cast<off64_t>(window.end - window.start);
    const int result = ::sync_file_range(
        slot_.fd().get(), static_cast<off64_t>(slot_.start() + window.start), size, flags);
    // Only a hint where a file system does not know it: finish() syncs in any case.
    if (result != 0 && errno != ENOSYS && errno != EINVAL && errno != ESPIPE)
        throw system_error("cannot write '" + slot_.name() + "'");
}

void SlotWriter::finish() {
    flush();
    slot_.sync();
    filling_ = {};
    draining_ = {};
}

} // namespace quoin
