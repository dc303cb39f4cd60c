// SPDX-License-Identifier: Apache-2.0
// The kernel writes back dirty pages of the range before a direct read, but only fdatasync says
// whether that worked, so the constructor does it.
#include "agent/steps/direct_read.hpp"

#include "base/background.hpp"
#include "base/error.hpp"

#include <algorithm>
#include <cerrno>
#include <unistd.h>
#include <utility>

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

DirectReader::DirectReader(const Region& region, std::size_t buffer_size)
    : region_(region), direct_(reopen_direct(region, O_RDONLY)), buffer_size_(buffer_size),
      buffer_(aligned_buffer(buffer_size)), read_ahead_(aligned_buffer(buffer_size)) {
    region_.sync();
}

void DirectReader::check(std::uint64_t offset, std::uint64_t size) const {
    if (offset % direct_alignment != 0 || size % direct_alignment != 0 || offset > region_.size() ||
        size > region_.size() - offset)
        throw refused("cannot read '" + region_.name() + "' back: " + std::to_string(size) +
                      " bytes at " + std::to_string(offset) + " are not whole blocks inside it");
}

void DirectReader::read_piece(ByteSpan piece, std::uint64_t offset) {
    std::size_t done = 0;
    while (direct_ && done < piece.size()) {
        const auto count = ::pread(direct_.get(), piece.data() + done, piece.size() - done,
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
    if (done < piece.size()) {
        forget(region_, offset, piece.size());
        region_.read(piece, offset);
    }
}

void DirectReader::stream(std::uint64_t offset, std::uint64_t size,
                          const std::function<void(ByteView piece)>& sink) {
    check(offset, size);
    const auto piece_at = [&](std::uint64_t done, const AlignedBuffer& buffer) {
        return ByteSpan(buffer.get(), std::min<std::uint64_t>(size - done, buffer_size_));
    };
    Background reading;
    const auto start_to_read = [&](std::uint64_t done) {
        reading.start([this, piece = piece_at(done, read_ahead_), place = offset + done] {
            read_piece(piece, place);
        });
    };
    if (size > 0)
        start_to_read(0);
    for (std::uint64_t done = 0; done < size;) {
        reading.wait();
        std::swap(buffer_, read_ahead_);
        const ByteView piece = piece_at(done, buffer_);
        if ((done += piece.size()) < size)
            start_to_read(done);
        sink(piece);
    }
}

void DirectReader::read(ByteSpan out, std::uint64_t offset) {
    check(offset, out.size());
    while (!out.empty()) {
        const ByteSpan piece(buffer_.get(), std::min(out.size(), buffer_size_));
        read_piece(piece, offset);
        std::copy(piece.begin(), piece.end(), out.begin());
        out = out.subspan(piece.size());
        offset += piece.size();
    }
}

void drop_cached(const Region& region) {
    region.sync();
    forget(region, 0, region.size());
}

} // namespace quoin
