// SPDX-License-Identifier: Apache-2.0
#include "builder/sources/directory.hpp"

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/handle.hpp"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <optional>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <vector>

namespace quoin {

namespace {

std::vector<std::string> names_in(FdRef directory, const std::string& path) {
    UniqueFd copy = open_file_at(directory, ".", O_RDONLY | O_DIRECTORY);
    const Handle<DIR, closedir> stream(fdopendir(copy.get()));
    if (!stream)
        throw system_error("cannot read directory '" + path + "'");
    (void)copy.release(); // the stream owns it now
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* found = readdir(stream.get())) {
        const std::string name = found->d_name;
        if (name != "." && name != "..")
            names.push_back(name);
    }
    if (errno != 0)
        throw system_error("cannot read directory '" + path + "'");
    std::sort(names.begin(), names.end());
    return names;
}

/// llistxattr and lgetxattr have no variant relative to a directory; /proc gives one.
std::map<std::string, Bytes> attributes_of(FdRef directory, const std::string& name,
                                           const std::string& path) {
    const std::string place = "/proc/self/fd/" + std::to_string(directory.get()) + "/" + name;
    const auto fail = [&] {
        return system_error("cannot read extended attributes of '" + path + "'");
    };
    std::string keys(XATTR_LIST_MAX, '\0');
    const ssize_t size = llistxattr(place.c_str(), keys.data(), keys.size());
    if (size < 0 && errno == ENOTSUP)
        return {};
    if (size < 0)
        throw fail();
    keys.resize(static_cast<std::size_t>(size));

    std::map<std::string, Bytes> attributes;
    for (std::size_t start = 0; start < keys.size();) {
        const std::string key = keys.c_str() + start;
        start += key.size() + 1;
        if (key.starts_with("trusted.")) // only root sees them: others would build another image
            continue;
        Bytes value(XATTR_SIZE_MAX);
        const ssize_t length = lgetxattr(place.c_str(), key.c_str(), value.data(), value.size());
        if (length < 0)
            throw fail();
        value.resize(static_cast<std::size_t>(length));
        attributes[key] = std::move(value);
    }
    return attributes;
}

std::string target_of(FdRef directory, const std::string& name, const std::string& path) {
    std::string target(PATH_MAX, '\0');
    const ssize_t size = readlinkat(directory.get(), name.c_str(), target.data(), target.size());
    if (size < 0)
        throw system_error("cannot read symbolic link '" + path + "'");
    target.resize(static_cast<std::size_t>(size));
    return target;
}

EntryType type_of(mode_t mode) {
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return EntryType::directory;
    case S_IFLNK:
        return EntryType::symlink;
    case S_IFCHR:
        return EntryType::character_device;
    case S_IFBLK:
        return EntryType::block_device;
    case S_IFIFO:
        return EntryType::fifo;
    case S_IFSOCK:
        return EntryType::socket;
    default:
        return EntryType::file;
    }
}

class Walk {
  public:
    Walk(std::string root, const EntrySink& sink, const ProgressObserver& progress)
        : root_(std::move(root)), sink_(sink), progress_(progress) {}

    /// `parent` and `name` give the object, `path` is its place in the root.
    void visit(FdRef parent, const std::string& name, const std::string& path) {
        struct stat status {};
        if (fstatat(parent.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
            throw system_error("cannot read '" + outside(path) + "'");
        Entry entry = describe(status, path);
        if (entry.type != EntryType::directory && status.st_nlink > 1) {
            const auto [first, is_first] =
                first_names_.try_emplace({status.st_dev, status.st_ino}, path);
            if (!is_first) {
                entry.type = EntryType::hard_link;
                entry.link_target = first->second;
                sink_(entry, read_from({}));
                return;
            }
        }
        entry.xattrs = attributes_of(parent, name, outside(path));
        if (entry.type == EntryType::symlink)
            entry.link_target = target_of(parent, name, outside(path));
        if (entry.type == EntryType::file)
            pass_file(parent, name, entry);
        else
            sink_(entry, read_from({}));
        if (entry.type == EntryType::directory) {
            const UniqueFd directory =
                open_file_at(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
            for (const std::string& child : names_in(directory, outside(path)))
                visit(directory, child, path.empty() ? child : path + "/" + child);
        }
    }

  private:
    [[nodiscard]] std::string outside(const std::string& path) const { return root_ + "/" + path; }

    static Entry describe(const struct stat& status, const std::string& path) {
        Entry entry;
        entry.path = path;
        entry.type = type_of(status.st_mode);
        entry.mode = status.st_mode & 07777U;
        entry.uid = status.st_uid;
        entry.gid = status.st_gid;
        entry.mtime = status.st_mtim.tv_sec;
        if (entry.type == EntryType::file)
            entry.size = static_cast<std::uint64_t>(status.st_size);
        entry.device_major = major(status.st_rdev);
        entry.device_minor = minor(status.st_rdev);
        return entry;
    }

    void pass_file(FdRef parent, const std::string& name, const Entry& entry) {
        // O_NONBLOCK: should a fifo have taken the file's place, opening it must not hang.
        const UniqueFd file = open_file_at(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
        sink_(entry, [&](ByteSpan buffer) {
            ssize_t count = 0;
            do
                count = read(file.get(), buffer.data(), buffer.size());
            while (count < 0 && errno == EINTR);
            if (count < 0)
                throw system_error("cannot read '" + outside(entry.path) + "'");
            done_ += static_cast<std::uint64_t>(count);
            if (progress_)
                progress_(done_, 0);
            return static_cast<std::size_t>(count);
        });
    }

    std::string root_;
    const EntrySink& sink_;
    const ProgressObserver& progress_;
    std::map<std::pair<dev_t, ino_t>, std::string> first_names_;
    std::uint64_t done_ = 0;
};

} // namespace

void read_directory(const std::string& path, const EntrySink& sink,
                    const ProgressObserver& progress) {
    const UniqueFd directory = open_file(path, O_RDONLY | O_DIRECTORY);
    Walk(path, sink, progress).visit(directory, ".", "");
}

} // namespace quoin
