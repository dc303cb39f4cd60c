// SPDX-License-Identifier: Apache-2.0
// A window of a block device or image file: a partition as its users see it.
#pragma once

#include "base/bytes.hpp"
#include "base/fd.hpp"
#include "base/file.hpp"

#include <cstdint>
#include <string>

namespace quoin {

/// Borrows the descriptor; every access is checked against the window. Offsets are relative to it.
class Region {
  public:
    /// `name` is for messages ("slot 'b'"); [start, start + size) must fit 64 bits.
    Region(FdRef fd, std::uint64_t start, std::uint64_t size, std::string name)
        : fd_(fd), start_(start), size_(size), name_(std::move(name)) {}

    [[nodiscard]] std::uint64_t size() const { return size_; }
    [[nodiscard]] std::uint64_t start() const { return start_; }
    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] FdRef fd() const { return fd_; }

    /// Throw Error(refused) when [offset, offset+size) does not lie inside; Error(failed) on I/O.
    void read(ByteSpan out, std::uint64_t offset) const;
    void write(ByteView data, std::uint64_t offset) const;
    /// pwrite_direct(), for a region of a descriptor with O_DIRECT.
    [[nodiscard]] bool write_direct(ByteView data, std::uint64_t offset) const;
    void sync() const { sync_data(fd_, name_); }

    /// A window inside this one.
    [[nodiscard]] Region part(std::uint64_t offset, std::uint64_t size, std::string name) const;

  private:
    void check(std::uint64_t offset, std::uint64_t size) const;
    FdRef fd_;
    std::uint64_t start_;
    std::uint64_t size_;
    std::string name_;
};

} // namespace quoin
