// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <limits>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace quoin {

/// Paths get quotes; words that have some ("slot 'b'") stay as they are.
static std::string quoted(const std::string& name) {
    return name.find('\'') == std::string::npos ? "'" + name + "'" : name;
}

/// Offsets reach the kernel as a signed 64-bit off_t.
static bool is_addressable(std::uint64_t offset, std::size_t size) {
    constexpr auto highest = static_cast<std::uint64_t>(std::numeric_limits<off_t>::max());
    return offset <= highest && size <= highest - offset;
}

void pread_exact(FdRef fd, ByteSpan out, std::uint64_t offset, const std::string& name) {
    if (!is_addressable(offset, out.size()))
        throw refused("cannot read " + quoted(name) + ": no such offset " + std::to_string(offset));
    while (!out.empty()) {
        const ssize_t n = ::pread(fd.get(), out.data(), out.size(), static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            throw system_error("cannot read " + quoted(name));
        if (n == 0)
            throw refused("cannot read " + quoted(name) + ": it ends early, at byte " +
                          std::to_string(offset));
        out = out.subspan(static_cast<std::size_t>(n));
        offset += static_cast<std::uint64_t>(n);
    }
}

void pwrite_all(FdRef fd, ByteView data, std::uint64_t offset, const std::string& name) {
    if (!is_addressable(offset, data.size()))
        throw system_error("cannot write " + quoted(name), EFBIG);
    while (!data.empty()) {
        const ssize_t n = ::pwrite(fd.get(), data.data(), data.size(), static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            throw system_error("cannot write " + quoted(name));
        if (n == 0) // the end of a block device: trying again would never end
            throw system_error("cannot write " + quoted(name), ENOSPC);
        data = data.subspan(static_cast<std::size_t>(n));
        offset += static_cast<std::uint64_t>(n);
    }
}

bool pwrite_direct(FdRef fd, ByteView data, std::uint64_t offset, const std::string& name) {
    if (!is_addressable(offset, data.size()))
        throw system_error("cannot write " + quoted(name), EFBIG);
    ssize_t n = 0;
    do
        n = ::pwrite(fd.get(), data.data(), data.size(), static_cast<off_t>(offset));
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno != EINVAL)
        throw system_error("cannot write " + quoted(name));
    return n >= 0 && static_cast<std::size_t>(n) == data.size();
}

void write_all(FdRef fd, ByteView data, const std::string& name) {
    while (!data.empty()) {
        const ssize_t n = ::write(fd.get(), data.data(), data.size());
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            throw system_error("cannot write " + quoted(name));
        if (n == 0)
            throw system_error("cannot write " + quoted(name), ENOSPC);
        data = data.subspan(static_cast<std::size_t>(n));
    }
}

void write_back(FdRef fd, std::uint64_t offset, std::uint64_t size) noexcept {
    (void)::sync_file_range(fd.get(), static_cast<off64_t>(offset), static_cast<off64_t>(size),
                            SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
                                SYNC_FILE_RANGE_WAIT_AFTER);
}

void begin_writeback(FdRef fd, std::uint64_t offset, std::uint64_t size) noexcept {
    (void)::sync_file_range(fd.get(), static_cast<off64_t>(offset), static_cast<off64_t>(size),
                            SYNC_FILE_RANGE_WRITE);
}

/// An interrupted sync has made no promise; a failed one is never retried, since the kernel reports
/// a lost page only once.
template <typename Sync>
static void sync_with(Sync sync, FdRef fd, const std::string& name) {
    while (sync(fd.get()) != 0)
        if (errno != EINTR)
            throw system_error("cannot sync " + quoted(name));
}

void sync_data(FdRef fd, const std::string& name) {
    sync_with(::fdatasync, fd, name);
}
void sync_file(FdRef fd, const std::string& name) {
    sync_with(::fsync, fd, name);
}
void sync_file_system(FdRef fd, const std::string& name) {
    sync_with(::syncfs, fd, name);
}

void sync_directory(const std::string& path) {
    sync_file(open_file(path, O_RDONLY | O_DIRECTORY), path);
}

std::uint64_t size_of(FdRef fd, const std::string& name) {
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0)
        throw system_error("cannot get the size of " + quoted(name));
    if (S_ISREG(status.st_mode))
        return static_cast<std::uint64_t>(status.st_size);
    if (!S_ISBLK(status.st_mode))
        throw Error("cannot get the size of " + quoted(name) +
                    ": neither a file nor a block device");
    std::uint64_t size = 0;
    if (::ioctl(fd.get(), BLKGETSIZE64, &size) != 0)
        throw system_error("cannot get the size of " + quoted(name));
    return size;
}

Bytes read_file(const std::string& path, std::uint64_t limit) {
    const UniqueFd fd = open_file(path, O_RDONLY);
    Bytes content;
    // The size that stat gives is a lie on /proc, so the end is where read(2) says it is.
    std::size_t filled = 0;
    for (;;) {
        if (filled == content.size())
            content.resize(std::max<std::size_t>(4096, filled * 2));
        const ssize_t n = ::read(fd.get(), content.data() + filled, content.size() - filled);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            throw system_error("cannot read '" + path + "'");
        if (n == 0)
            break;
        filled += static_cast<std::size_t>(n);
        if (filled > limit)
            throw refused("cannot read '" + path + "': larger than " + std::to_string(limit) +
                          " bytes");
    }
    content.resize(filled);
    return content;
}

std::string read_text(const std::string& path, std::uint64_t limit) {
    return std::string(text_of(read_file(path, limit)));
}

void replace_file_durably(const std::string& path, ByteView content, mode_t mode) {
    const std::string fresh = path + ".new";
    // A leftover of an earlier power cut: its mode and links are not ours.
    if (::unlink(fresh.c_str()) != 0 && errno != ENOENT)
        throw system_error("cannot remove '" + fresh + "'");
    const UniqueFd fd = open_file(fresh, O_WRONLY | O_CREAT | O_EXCL, mode);
    try {
        pwrite_all(fd, content, 0, fresh);
        sync_file(fd, fresh);
        if (::rename(fresh.c_str(), path.c_str()) != 0)
            throw system_error("cannot rename '" + fresh + "' to '" + path + "'");
    } catch (const Error&) {
        ::unlink(fresh.c_str());
        throw;
    }
    sync_directory(parent_of(path));
}

std::string parent_of(const std::string& path) {
    const std::size_t slash = path.find_last_of('/');
    if (slash == std::string::npos)
        return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

bool exists(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0)
        return true;
    if (errno != ENOENT && errno != ENOTDIR)
        throw system_error("cannot look at '" + path + "'");
    return false;
}

} // namespace quoin
