// SPDX-License-Identifier: Apache-2.0
#include "builder/sources/tar.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/terminal.hpp"
#include "builder/sources/archive_input.hpp"
#include "builder/sources/utf8_locale.hpp"

#include <algorithm>
#include <archive_entry.h>
#include <limits>
#include <optional>

namespace quoin {

namespace {

// Two blocks of zeros end a tar (POSIX); libarchive does not insist on them.
constexpr std::uint64_t end_marker_size = 1024;

struct Feed {
    ArchiveInput& input;
    std::exception_ptr failure;

    static la_ssize_t read(archive* reader, void* object, const void** buffer) {
        auto& self = *static_cast<Feed*>(object);
        try {
            const ByteView piece = self.input.next();
            *buffer = piece.data();
            return static_cast<la_ssize_t>(piece.size());
        } catch (...) {
            self.failure = std::current_exception();
            archive_set_error(reader, EIO, "reading failed");
            return ARCHIVE_FATAL;
        }
    }
};

std::optional<EntryType> type_of(archive_entry* header) {
    if (archive_entry_hardlink(header) != nullptr)
        return EntryType::hard_link;
    switch (archive_entry_filetype(header)) {
    case AE_IFDIR:
        return EntryType::directory;
    case AE_IFREG:
        return EntryType::file;
    case AE_IFLNK:
        return EntryType::symlink;
    case AE_IFCHR:
        return EntryType::character_device;
    case AE_IFBLK:
        return EntryType::block_device;
    case AE_IFIFO:
        return EntryType::fifo;
    case AE_IFSOCK:
        return EntryType::socket;
    default:
        return std::nullopt;
    }
}

std::string text_or_empty(const char* text) {
    return text != nullptr ? text : "";
}

std::uint32_t owner(la_int64_t id, const std::string& path) {
    if (id < 0 || id > std::numeric_limits<std::uint32_t>::max())
        throw refused("cannot use entry '" + printable(path) + "': its owner is no 32-bit number");
    return static_cast<std::uint32_t>(id);
}

Entry entry_of(archive_entry* header) {
    Entry entry;
    const std::string path = text_or_empty(archive_entry_pathname(header));
    entry.path = normal_entry_path(path);
    const auto type = type_of(header);
    if (!type)
        throw refused("cannot use entry '" + printable(path) + "': unknown type");
    entry.type = *type;
    entry.mode = archive_entry_perm(header) & 07777U;
    entry.uid = owner(archive_entry_uid(header), path);
    entry.gid = owner(archive_entry_gid(header), path);
    entry.mtime = archive_entry_mtime(header);
    if (entry.type == EntryType::file)
        entry.size =
            static_cast<std::uint64_t>(std::max<la_int64_t>(0, archive_entry_size(header)));
    if (entry.type == EntryType::symlink) {
        entry.link_target = text_or_empty(archive_entry_symlink(header));
        if (entry.link_target.empty())
            throw refused("cannot use entry '" + printable(path) +
                          "': a symbolic link without a target");
    }
    if (entry.type == EntryType::hard_link)
        entry.link_target = in_context("hard link '" + printable(path) + "'", [&] {
            return normal_entry_path(text_or_empty(archive_entry_hardlink(header)));
        });
    if (entry.type == EntryType::character_device || entry.type == EntryType::block_device) {
        entry.device_major = static_cast<std::uint32_t>(archive_entry_rdevmajor(header));
        entry.device_minor = static_cast<std::uint32_t>(archive_entry_rdevminor(header));
    }

    archive_entry_xattr_reset(header);
    const char* key = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    while (archive_entry_xattr_next(header, &key, &value, &size) == ARCHIVE_OK) {
        const auto* bytes = static_cast<const std::uint8_t*>(value);
        entry.xattrs[key] = Bytes(bytes, bytes + size);
    }
    return entry;
}

/// Yields exactly the entry's size: the hole at the end of a sparse file is not in the archive.
ContentReader content_reader(archive* reader, Feed& feed, const Entry& entry, bool sparse,
                             const std::string& place) {
    return [reader, &feed, left = entry.size, sparse, place](ByteSpan buffer) mutable {
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer.size()));
        if (wanted == 0)
            return std::size_t{0};
        const la_ssize_t result = archive_read_data(reader, buffer.data(), wanted);
        if (feed.failure)
            std::rethrow_exception(feed.failure);
        if (result < 0)
            check_archive(static_cast<int>(result), reader, place);
        auto count = static_cast<std::size_t>(result);
        if (count == 0 && sparse) {
            std::fill_n(buffer.begin(), wanted, std::uint8_t{0});
            count = wanted;
        }
        left -= count;
        return count;
    };
}

} // namespace

void read_tar(FdRef input, const std::string& name, const EntrySink& sink,
              const RawObserver& observer) {
    const Utf8Locale locale; // names are bytes; libarchive insists on converting them
    ArchiveInput decompressed(input, name, observer);
    Feed feed{decompressed, nullptr};
    const ArchiveReader owned(archive_read_new());
    archive* reader = owned.get();
    if (reader == nullptr)
        throw Error("cannot read '" + name + "': out of memory");
    const auto check = [&](int result, const std::string& place) {
        if (feed.failure)
            std::rethrow_exception(feed.failure);
        check_archive(result, reader, place);
    };
    check(archive_read_support_format_tar(reader), name);
    check(archive_read_open(reader, &feed, nullptr, Feed::read, nullptr), name);

    archive_entry* header = nullptr;
    std::string before = name; // of the header, for messages
    while (true) {
        const int result = archive_read_next_header(reader, &header);
        if (result == ARCHIVE_EOF)
            break;
        check(result, before);
        const Entry entry =
            in_context("cannot read '" + name + "'", [&] { return entry_of(header); });
        const std::string within = name + "' at '" + printable(entry.path);
        decompressed.set_place(within);
        const bool sparse = archive_entry_sparse_count(header) > 0;
        sink(entry, content_reader(reader, feed, entry, sparse, within));
        before = name + "' after '" + printable(entry.path);
        decompressed.set_place(before);
    }
    if (feed.failure)
        std::rethrow_exception(feed.failure);
    if (decompressed.drain() < end_marker_size)
        throw refused("cannot read '" + name + "': it ends early (no end-of-archive marker)");
}

void read_tar_file(FdRef file, const std::string& name, const EntrySink& sink,
                   const ProgressObserver& progress) {
    const std::uint64_t whole = size_of(file, name);
    std::uint64_t done = 0;
    read_tar(file, name, sink, [&](ByteView raw) {
        done += raw.size();
        if (progress)
            progress(done, whole);
    });
}

void read_tar_file(const std::string& path, const EntrySink& sink,
                   const ProgressObserver& progress) {
    read_tar_file(open_file(path, O_RDONLY), path, sink, progress);
}

} // namespace quoin
