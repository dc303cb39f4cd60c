// SPDX-License-Identifier: Apache-2.0
#include "builder/sources/archive_input.hpp"

#include "base/error.hpp"
#include "base/terminal.hpp"
#include "base/units.hpp"

#include <algorithm>
#include <archive_entry.h>
#include <cerrno>
#include <unistd.h>

namespace quoin {

namespace {

constexpr std::size_t piece_size = 64 * KiB;
constexpr std::uint64_t most_padding = 64 * MiB; // tar's own blocks are of 10 KiB

/// Only filters that libarchive has built in: the others would run programs found in PATH.
void enable_filters(archive* reader) {
    for (auto enable : {archive_read_support_filter_gzip, archive_read_support_filter_bzip2,
                        archive_read_support_filter_xz, archive_read_support_filter_lzma,
                        archive_read_support_filter_lzip, archive_read_support_filter_zstd,
                        archive_read_support_filter_lz4, archive_read_support_filter_compress})
        enable(reader); // a warning means "through a program"; reading then fails with its name
}

} // namespace

void check_archive(int result, archive* reader, const std::string& name) {
    if (result == ARCHIVE_OK)
        return;
    const char* text = archive_error_string(reader);
    throw refused("cannot read '" + name +
                  "': " + printable(text != nullptr ? text : "malformed archive"));
}

ArchiveInput::ArchiveInput(FdRef input, std::string name, RawObserver observer)
    : input_(input), name_(std::move(name)), place_(name_), observer_(std::move(observer)),
      raw_(piece_size), buffer_(piece_size), reader_(archive_read_new()) {
    if (!reader_)
        throw Error("cannot read '" + name_ + "': out of memory");
    archive* reader = reader_.get();
    enable_filters(reader);
    check_archive(archive_read_support_format_raw(reader), reader, name_);
    check_archive(archive_read_support_format_empty(reader), reader, name_);
    int result = archive_read_open(reader, this, nullptr, read_raw, nullptr);
    archive_entry* whole = nullptr;
    if (result == ARCHIVE_OK)
        result = archive_read_next_header(reader, &whole);
    if (failure_)
        std::rethrow_exception(failure_);
    at_end_ = result == ARCHIVE_EOF;
    if (!at_end_)
        check_archive(result, reader, name_);
}

la_ssize_t ArchiveInput::read_raw(archive* reader, void* object, const void** buffer) {
    auto& self = *static_cast<ArchiveInput*>(object);
    try {
        ssize_t count = 0;
        while ((count = ::read(self.input_.get(), self.raw_.data(), self.raw_.size())) < 0 &&
               errno == EINTR)
            if (self.observer_)
                self.observer_({}); // a chance to stop, where a slow input gives no other
        if (count < 0)
            throw system_error("cannot read '" + self.place_ + "'");
        if (self.observer_ && count > 0)
            self.observer_(ByteView(self.raw_).first(static_cast<std::size_t>(count)));
        *buffer = self.raw_.data();
        return count;
    } catch (...) {
        self.failure_ = std::current_exception();
        archive_set_error(reader, EIO, "reading failed");
        return ARCHIVE_FATAL;
    }
}

ByteView ArchiveInput::next() {
    if (at_end_)
        return {};
    const la_ssize_t count = archive_read_data(reader_.get(), buffer_.data(), buffer_.size());
    if (failure_)
        std::rethrow_exception(failure_);
    if (count < 0)
        check_archive(static_cast<int>(count), reader_.get(), place_);
    at_end_ = count == 0;
    const auto piece = ByteView(buffer_).first(static_cast<std::size_t>(count));
    const auto last = std::find_if(piece.rbegin(), piece.rend(), [](auto b) { return b != 0; });
    const auto zeros = static_cast<std::uint64_t>(last - piece.rbegin());
    trailing_zeros_ = zeros == piece.size() ? trailing_zeros_ + zeros : zeros;
    return piece;
}

std::uint64_t ArchiveInput::drain() {
    std::uint64_t drained = 0;
    for (ByteView piece = next(); !piece.empty(); piece = next()) {
        drained += piece.size();
        if (drained > most_padding)
            throw refused("cannot read '" + name_ + "': it goes on for more than " +
                          format_size(most_padding) + " behind its end");
    }
    // Behind the end of compressed data there may be padding, which counts for a blob's digest.
    const void* rest = nullptr;
    while (read_raw(reader_.get(), this, &rest) > 0) {
    }
    if (failure_)
        std::rethrow_exception(failure_);
    return trailing_zeros_;
}

} // namespace quoin
