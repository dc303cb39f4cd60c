// SPDX-License-Identifier: Apache-2.0
#include "agent/fetch/file_source.hpp"

#include "base/file.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace quoin {

namespace {

/// O_NONBLOCK, or opening a pipe by mistake would wait for its writer for ever.
UniqueFd open_bundle(const std::string& path) {
    UniqueFd fd = open_file(path, O_RDONLY | O_NONBLOCK);
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0)
        throw system_error("cannot open '" + path + "'");
    if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode))
        throw Error("cannot read '" + path + "': it is not a file");
    return fd;
}

} // namespace

FileSource::FileSource(const std::string& path, std::uint64_t most_bytes)
    : name_(path), fd_(open_bundle(path)), size_(size_of(fd_, path)), most_bytes_(most_bytes) {}

void FileSource::start(std::uint64_t offset, std::uint64_t size) {
    next_ = std::min(offset, size_);
    end_ = next_ + std::min(size, size_ - next_);
    ++requests_;
}

void FileSource::start_again(std::uint64_t offset, std::uint64_t size) {
    // Of the whole file: what the kernel holds in one piece it only drops in one piece.
    (void)::posix_fadvise(fd_.get(), 0, 0, POSIX_FADV_DONTNEED);
    start(offset, size);
}

std::size_t FileSource::read(ByteSpan out) {
    const std::size_t wanted = std::min<std::uint64_t>(out.size(), end_ - next_);
    if (wanted == 0)
        return 0;
    if (wanted > most_bytes_ - bytes_)
        throw over_budget(most_bytes_);
    ssize_t count = 0;
    do {
        count = ::pread(fd_.get(), out.data(), wanted, static_cast<off_t>(next_));
    } while (count < 0 && errno == EINTR);
    if (count < 0)
        throw system_error("cannot read '" + name_ + "'");
    next_ += static_cast<std::uint64_t>(count);
    bytes_ += static_cast<std::uint64_t>(count);
    return static_cast<std::size_t>(count);
}

} // namespace quoin
