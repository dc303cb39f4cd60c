// SPDX-License-Identifier: Apache-2.0
#include "agent/bootloaders/staging.hpp"

#include "agent/bootloaders/uki_file.hpp"
#include "agent/steps/direct_read.hpp"
#include "agent/steps/slot_writer.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/units.hpp"
#include "crypto/digest.hpp"

#include <algorithm>
#include <unistd.h>

namespace quoin {

namespace {

constexpr std::size_t piece_size = 128 * KiB;
constexpr std::uint64_t block_size = 4096;
/// FAT keeps a file's length in memory until it is synced: without it, what was written is not
/// found after a power cut. The first piece is synced by itself, since nobody would find the
/// clusters of a file without length.
constexpr std::uint64_t sync_interval = 4 * MiB;

bool is_synced_at(std::uint64_t offset) {
    return offset == piece_size || offset % sync_interval == 0;
}

/// What a failing medium did not take is removed, so that the next attempt gets another place.
template <typename Body>
void or_removed(const std::string& path, Body&& body) {
    try {
        body();
    } catch (const Error&) {
        ::unlink(path.c_str());
        throw;
    }
}

/// The file to write into, no longer than `size`.
UniqueFd open_unlisted(const std::string& path, std::uint64_t size) {
    UniqueFd fd = open_file(path, O_RDWR | O_CREAT);
    if (size_of(fd, path) > size && ::ftruncate(fd.get(), static_cast<off_t>(size)) != 0)
        throw system_error("cannot shorten '" + path + "'");
    return fd;
}

/// Fills `piece` as far as `content` goes.
std::size_t fill(ByteSpan piece, const BootImageReader& content) {
    std::size_t filled = 0;
    while (filled < piece.size()) {
        const std::size_t count = content(piece.subspan(filled));
        if (count == 0)
            break;
        filled += count;
    }
    return filled;
}

/// Writes everything but the first sector, in whose place zeros go; returns the real one.
Bytes write_unlisted(FdRef fd, const std::string& path, std::uint64_t size,
                     const std::string& sha256, const BootImageReader& content) {
    SlotWriter writer(Region(fd, 0, size, path), piece_size);
    Bytes buffer(piece_size);
    Bytes first_sector;
    Sha256 received;
    std::uint64_t offset = 0;
    while (const std::size_t count = fill(buffer, content)) {
        const ByteSpan piece(buffer.data(), count);
        received.update(piece);
        if (count > size - offset)
            throw refused("cannot write '" + path + "': the boot image is longer than announced");
        if (offset == 0) {
            const std::size_t sector = std::min(first_sector_size, count);
            first_sector.assign(piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(sector));
            std::fill_n(piece.begin(), sector, std::uint8_t{0});
        }
        or_removed(path, [&] {
            writer.put(offset, piece);
            offset += count;
            if (is_synced_at(offset))
                writer.finish();
        });
    }
    or_removed(path, [&] { writer.finish(); });
    if (offset != size || received.finish().hex() != sha256)
        throw refused("cannot write '" + path + "': the boot image is not the announced one");
    return first_sector;
}

/// The digest of what the medium holds, with the real first sector in place of the zeros.
Digest read_back(FdRef fd, const std::string& path, std::uint64_t size, ByteView first_sector) {
    Sha256 hash;
    hash.update(first_sector);
    std::uint64_t skip = first_sector.size();
    const auto add = [&](ByteView piece) {
        const std::size_t skipped =
            static_cast<std::size_t>(std::min<std::uint64_t>(skip, piece.size()));
        skip -= skipped;
        hash.update(piece.subspan(skipped));
    };
    const Region file(fd, 0, size, path);
    const std::uint64_t whole_blocks = size / block_size * block_size;
    DirectReader reader(file);
    reader.stream(0, whole_blocks, add);
    // The rest of the last block cannot be read directly; the reader has synced it, so the cache
    // can let go of it.
    ::posix_fadvise(fd.get(), static_cast<off_t>(whole_blocks), 0, POSIX_FADV_DONTNEED);
    Bytes rest(static_cast<std::size_t>(size - whole_blocks));
    file.read(rest, whole_blocks);
    add(rest);
    return hash.finish();
}

} // namespace

void stage_file(const std::string& path, std::uint64_t size, const std::string& sha256,
                const BootImageReader& content) {
    if (size < first_sector_size)
        throw refused("cannot write '" + path + "': the boot image is too short");
    const UniqueFd fd = open_unlisted(path, size);
    const Bytes first_sector = write_unlisted(fd, path, size, sha256, content);
    or_removed(path, [&] {
        if (read_back(fd, path, size, first_sector).hex() != sha256)
            throw Error("cannot write '" + path + "': the medium does not return what was written");
    });
    sync_directory(parent_of(path));
    sync_file_system(fd, path);
}

} // namespace quoin
