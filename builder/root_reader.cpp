// SPDX-License-Identifier: Apache-2.0
// Random access to a finished squashfs through libsquashfs's readers. The image may come from
// anywhere: libsquashfs checks its structure, sizes are checked here before memory is taken.
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/terminal.hpp"
#include "base/units.hpp"
#include "builder/root/sqfs.hpp"
#include "builder/root_image.hpp"

#include <algorithm>
#include <deque>
#include <sqfs/compressor.h>
#include <sqfs/data_reader.h>
#include <sqfs/dir.h>
#include <sqfs/dir_reader.h>
#include <sqfs/error.h>
#include <sqfs/id_table.h>
#include <sqfs/inode.h>
#include <sqfs/io.h>
#include <sqfs/super.h>

namespace quoin {

namespace {

constexpr unsigned most_links = 40;
constexpr unsigned deepest = 1100; // what the builder makes, and a little more

using InodePointer = SqfsMemory<sqfs_inode_generic_t>;

/// The window of the image as libsquashfs sees a file.
struct ImageFile : sqfs_file_t {
    ImageFile(FdRef fd, std::uint64_t offset, std::uint64_t size)
        : sqfs_file_t{}, window(fd, offset, size, "root image") {
        base.destroy = nullptr; // a member of its user
        base.copy = nullptr;
        read_at = [](sqfs_file_t* file, sqfs_u64 at, void* buffer, size_t count) -> int {
            try {
                static_cast<ImageFile*>(file)->window.read(
                    {static_cast<std::uint8_t*>(buffer), count}, at);
                return 0;
            } catch (...) {
                return SQFS_ERROR_IO;
            }
        };
        write_at = [](sqfs_file_t*, sqfs_u64, const void*, size_t) -> int {
            return SQFS_ERROR_UNSUPPORTED;
        };
        get_size = [](const sqfs_file_t* file) -> sqfs_u64 {
            return static_cast<const ImageFile*>(file)->window.size();
        };
        truncate = [](sqfs_file_t*, sqfs_u64) -> int { return SQFS_ERROR_UNSUPPORTED; };
    }
    Region window;
};

void check(int result, const std::string& doing) {
    try {
        check_sqfs(result, doing);
    } catch (const Error& e) {
        throw refused(e.what()); // the image is at fault
    }
}

bool is_directory(const sqfs_inode_generic_t& inode) {
    return inode.base.type == SQFS_INODE_DIR || inode.base.type == SQFS_INODE_EXT_DIR;
}
bool is_symlink(const sqfs_inode_generic_t& inode) {
    return inode.base.type == SQFS_INODE_SLINK || inode.base.type == SQFS_INODE_EXT_SLINK;
}
bool is_file(const sqfs_inode_generic_t& inode) {
    return inode.base.type == SQFS_INODE_FILE || inode.base.type == SQFS_INODE_EXT_FILE;
}

std::string target_of(const sqfs_inode_generic_t& inode) {
    return {reinterpret_cast<const char*>(inode.extra), inode.data.slink.target_size};
}

char type_letter(const sqfs_inode_generic_t& inode) {
    switch (inode.base.type) {
    case SQFS_INODE_DIR:
    case SQFS_INODE_EXT_DIR:
        return 'd';
    case SQFS_INODE_SLINK:
    case SQFS_INODE_EXT_SLINK:
        return 'l';
    case SQFS_INODE_BDEV:
    case SQFS_INODE_EXT_BDEV:
        return 'b';
    case SQFS_INODE_CDEV:
    case SQFS_INODE_EXT_CDEV:
        return 'c';
    case SQFS_INODE_FIFO:
    case SQFS_INODE_EXT_FIFO:
        return 'p';
    case SQFS_INODE_SOCKET:
    case SQFS_INODE_EXT_SOCKET:
        return 's';
    default:
        return '-';
    }
}

void push_components(std::deque<std::string>& rest, const std::string& path) {
    std::vector<std::string> components;
    for (std::size_t start = 0; start < path.size();) {
        const std::size_t end = std::min(path.find('/', start), path.size());
        if (end > start && path.compare(start, end - start, ".") != 0)
            components.push_back(path.substr(start, end - start));
        start = end + 1;
    }
    rest.insert(rest.begin(), components.begin(), components.end());
}

} // namespace

struct RootReader::State {
    State(FdRef image, std::uint64_t offset, std::uint64_t size) : file(image, offset, size) {
        check(sqfs_super_read(&super, &file), "read the root image");
        if (super.bytes_used > size)
            throw refused("cannot read the root image: it is shorter than its superblock says");
        sqfs_compressor_config_t config;
        check(sqfs_compressor_config_init(&config,
                                          static_cast<SQFS_COMPRESSOR>(super.compression_id),
                                          super.block_size, SQFS_COMP_FLAG_UNCOMPRESS),
              "read the root image");
        sqfs_compressor_t* created = nullptr;
        check(sqfs_compressor_create(&config, &created), "read the root image");
        compressor.reset(created);
        ids.reset(sqfs_id_table_create(0));
        check_sqfs(ids.get(), "read the root image");
        check(sqfs_id_table_read(ids.get(), &file, &super, compressor.get()),
              "read the root image's owners");
        directories.reset(sqfs_dir_reader_create(&super, compressor.get(), &file, 0));
        data.reset(sqfs_data_reader_create(&file, super.block_size, compressor.get(), 0));
        check_sqfs(directories.get(), "read the root image");
        check_sqfs(data.get(), "read the root image");
        check(sqfs_data_reader_load_fragment_table(data.get(), &super),
              "read the root image's fragments");
    }

    [[nodiscard]] InodePointer root() const {
        sqfs_inode_generic_t* inode = nullptr;
        check(sqfs_dir_reader_get_root_inode(directories.get(), &inode), "read the root image");
        return InodePointer(inode);
    }

    /// A name in a directory; null when it is not there.
    [[nodiscard]] InodePointer child(const sqfs_inode_generic_t& directory,
                                     const std::string& name) const {
        check(sqfs_dir_reader_open_dir(directories.get(), &directory, 0), "read a directory");
        const int found = sqfs_dir_reader_find(directories.get(), name.c_str());
        if (found == SQFS_ERROR_NO_ENTRY)
            return nullptr;
        check(found, "find '" + printable(name) + "'");
        sqfs_inode_generic_t* inode = nullptr;
        check(sqfs_dir_reader_get_inode(directories.get(), &inode), "read an inode");
        return InodePointer(inode);
    }

    /// What a path leads to, all symbolic links followed; null when there is nothing.
    [[nodiscard]] InodePointer follow(const std::string& path) const {
        std::deque<std::string> rest;
        push_components(rest, path);
        std::vector<InodePointer> above;
        above.push_back(root());
        unsigned links = 0;
        while (!rest.empty()) {
            const std::string name = rest.front();
            rest.pop_front();
            if (!is_directory(*above.back()))
                return nullptr;
            if (name == "..") {
                if (above.size() > 1)
                    above.pop_back();
                continue;
            }
            InodePointer next = child(*above.back(), name);
            if (!next)
                return nullptr;
            if (!is_symlink(*next)) {
                above.push_back(std::move(next));
                continue;
            }
            if (++links > most_links)
                throw refused("cannot read '" + printable(path) +
                              "' in the root image: too many levels of symbolic links");
            const std::string target = target_of(*next);
            push_components(rest, target);
            if (target.starts_with('/'))
                above.resize(1);
        }
        return std::move(above.back());
    }

    /// Names in a directory with their inodes, in the order of the squashfs: sorted.
    [[nodiscard]] std::vector<std::pair<std::string, InodePointer>>
    entries(const sqfs_inode_generic_t& directory) const {
        std::vector<std::pair<std::string, InodePointer>> found;
        check(sqfs_dir_reader_open_dir(directories.get(), &directory, 0), "read a directory");
        while (true) {
            sqfs_dir_entry_t* raw = nullptr;
            const int result = sqfs_dir_reader_read(directories.get(), &raw);
            check(result, "read a directory");
            if (result > 0)
                return found;
            const SqfsMemory<sqfs_dir_entry_t> entry(raw);
            sqfs_inode_generic_t* inode = nullptr;
            check(sqfs_dir_reader_get_inode(directories.get(), &inode), "read an inode");
            found.emplace_back(
                std::string(reinterpret_cast<const char*>(entry->name), entry->size + 1U),
                InodePointer(inode));
        }
    }

    void walk(const sqfs_inode_generic_t& directory, const std::string& above, unsigned depth,
              std::vector<File>& files) const {
        if (depth > deepest)
            throw refused("cannot read the root image: directories are nested too deep");
        for (const auto& [name, inode] : entries(directory)) {
            files.push_back(describe(*inode, above + name));
            if (is_directory(*inode))
                walk(*inode, above + name + "/", depth + 1, files);
        }
    }

    [[nodiscard]] File describe(const sqfs_inode_generic_t& inode, std::string path) const {
        File found;
        found.path = std::move(path);
        found.type = type_letter(inode);
        found.mode = inode.base.mode & 07777U;
        check(sqfs_id_table_index_to_id(ids.get(), inode.base.uid_idx, &found.uid),
              "read an owner");
        check(sqfs_id_table_index_to_id(ids.get(), inode.base.gid_idx, &found.gid), "read a group");
        found.mtime = inode.base.mod_time;
        if (is_file(inode))
            check(sqfs_inode_get_file_size(&inode, &found.size), "read an inode");
        if (is_symlink(inode))
            found.target = target_of(inode);
        return found;
    }

    ImageFile file;
    sqfs_super_t super{};
    Sqfs<sqfs_compressor_t> compressor;
    Sqfs<sqfs_id_table_t> ids;
    Sqfs<sqfs_dir_reader_t> directories;
    Sqfs<sqfs_data_reader_t> data;
};

RootReader::RootReader(FdRef image, std::uint64_t offset, std::uint64_t size)
    : state_(std::make_unique<State>(image, offset, size)) {}

RootReader::~RootReader() = default;

std::optional<Bytes> RootReader::read(const std::string& path, std::uint64_t limit) {
    const InodePointer inode = state_->follow(path);
    if (!inode || !is_file(*inode))
        return std::nullopt;
    std::uint64_t size = 0;
    check(sqfs_inode_get_file_size(inode.get(), &size), "read an inode");
    if (size > limit)
        throw refused("cannot read '" + printable(path) + "' in the root image: larger than " +
                      format_size(limit));
    Bytes content(size);
    for (std::uint64_t done = 0; done < size;) {
        const auto piece = static_cast<sqfs_u32>(std::min<std::uint64_t>(size - done, MiB));
        const sqfs_s32 count = sqfs_data_reader_read(state_->data.get(), inode.get(), done,
                                                     content.data() + done, piece);
        check(count, "read '" + printable(path) + "' in the root image");
        if (count == 0)
            throw refused("cannot read '" + printable(path) + "' in the root image: it ends early");
        done += static_cast<std::uint64_t>(count);
    }
    return content;
}

std::vector<std::string> RootReader::list(const std::string& path) {
    const InodePointer inode = state_->follow(path);
    std::vector<std::string> names;
    if (!inode || !is_directory(*inode))
        return names;
    for (const auto& [name, child] : state_->entries(*inode))
        names.push_back(name);
    std::sort(names.begin(), names.end());
    return names;
}

std::vector<RootReader::File> RootReader::walk() {
    std::vector<File> files;
    const InodePointer root = state_->root();
    state_->walk(*root, "", 0, files);
    return files;
}

} // namespace quoin
