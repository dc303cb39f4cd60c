// SPDX-License-Identifier: Apache-2.0
// Decompression through libarchive, and libarchive's ownership and errors.
#pragma once

#include "base/fd.hpp"
#include "base/handle.hpp"
#include "builder/sources/tar.hpp"

#include <archive.h>
#include <string>

namespace quoin {

using ArchiveReader = Handle<archive, archive_read_free>;

/// Throws Error(refused) "cannot read 'name': what libarchive says" unless `result` is ARCHIVE_OK.
/// Warnings count as errors: they mean that something of the metadata was lost.
void check_archive(int result, archive* reader, const std::string& name);

/// A decompressed byte stream. It also knows with how many zero bytes the stream ended, by which
/// a whole tar is told from one that was cut between two entries.
class ArchiveInput {
  public:
    ArchiveInput(FdRef input, std::string name, RawObserver observer);
    ArchiveInput(const ArchiveInput&) = delete;
    ArchiveInput& operator=(const ArchiveInput&) = delete;

    /// The next piece, valid until the next call; empty at the end.
    [[nodiscard]] ByteView next();

    /// Reads what is left, the raw input included; the number of zero bytes at the end. Throws
    /// Error(refused) when there is more than any archiver pads with.
    [[nodiscard]] std::uint64_t drain();

    /// Where its reader is now, for the message about damage: the name, then "' after 'entry".
    void set_place(std::string place) { place_ = std::move(place); }

  private:
    static la_ssize_t read_raw(archive* reader, void* self, const void** buffer);

    FdRef input_;
    std::string name_;
    std::string place_;
    RawObserver observer_;
    Bytes raw_;
    Bytes buffer_;
    std::exception_ptr failure_;
    std::uint64_t trailing_zeros_ = 0;
    bool at_end_ = false;
    ArchiveReader reader_; // last: its filters read through the above
};

} // namespace quoin
