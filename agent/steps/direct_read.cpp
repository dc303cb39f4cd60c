// SPDX-License-Identifier: Apache-2.0
// The kernel writes back dirty pages of the range before a direct read, but only fdatasync says
// whether that worked, so the constructor does it.
#include "agent/steps/direct_read.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <cerrno>
#include <unistd.h>

namespace quoin {

namespace {

void forget(const Region& region, std::uint64_t offset, std::uint64_t size) {
    const int problem =
        ::posix_fadvise(region.fd().get(), static_cast<off_t>(region.start() + offset),
                        static_cast<off_t>(size), POSIX_FADV_DONTNEED);
    if (problem != 0)
        throw system_error("cannot read '" + region.name() + "' back", problem);
}

} // namespace

DirectReader::DirectReader(const Region& region)
    : region_(region), direct_(reopen_direct(region, O_RDONLY)), buffer_(aligned_buffer()) {
    region_.sync();
}

void DirectReader::check(std::uint64_t offset, std::uint64_t size) const {
    if (offset % direct_alignment != 0 || size % direct_alignment != 0 || offset > region_.size() ||
        size > region_.size() - offset)
        throw refused("cannot read '" + region_.name() + "' back: " + std::to_string(size) +
                      " bytes at " + std::to_string(offset) + " are not whole blocks inside it");
}

ByteView DirectReader::read_piece(std::uint64_t offset, std::size_t size) {
    const ByteSpan piece(buffer_.get(), size);
    std::size_t done = 0;
    while (direct_ && done < size) {
        const auto count = ::pread(direct_.get(), piece.data() + done, size - done,
                                   static_cast<off_t>(region_.start() + offset + done));
        if (count > 0)
            done += static_cast<std::size_t>(count);
        else if (count == 0)
            throw Error("cannot read '" + region_.name() + "' back: it ends early");
        else if (errno == EINVAL)
            direct_.reset(); // the device wants a coarser alignment than this partition has
        else if (errno != EINTR)
            throw system_error("cannot read '" + region_.name() + "' back");
    }
    if (done < size) {
        forget(region_, offset, size);
        region_.read(piece, offset);
    }
    return piece;
}

void DirectReader::stream(std::uint64_t offset, std::uint64_t size,
                          const std::function<void(ByteView piece)>& sink) {
    check(offset, size);
    while (size > 0) {
        const auto count =
            static_cast<std::size_t>(std::min<std::uint64_t>(size, direct_buffer_size));
        sink(read_piece(offset, count));
        offset += count;
        size -= count;
    }
}

void DirectReader::read(ByteSpan out, std::uint64_t offset) {
    stream(offset, out.size(), [&out](ByteView piece) {
        std::copy(piece.begin(), piece.end(), out.begin());
        out = out.subspan(piece.size());
    });
}

void drop_cached(const Region& region) {
    region.sync();
    forget(region, 0, region.size());
}

} // namespace quoin
