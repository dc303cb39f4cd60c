// SPDX-License-Identifier: Apache-2.0
#include "builder/squashfs/image_reader.hpp"

#include "base/error.hpp"
#include "base/terminal.hpp"
#include "base/units.hpp"

#include <algorithm>
#include <sqfs/block.h>
#include <sqfs/dir.h>
#include <sqfs/error.h>
#include <sqfs/xattr.h>

namespace quoin {

namespace {

constexpr std::uint32_t squashfs_none = 0xffffffff;        // no fragment, no attributes
constexpr std::uint32_t stored_size_mask = (1U << 24) - 1; // of a block; above: not compressed

/// What libsquashfs finds wrong is the image's fault, not ours.
void check(int result, const std::string& doing) {
    try {
        check_sqfs(result, doing);
    } catch (const Error& e) {
        throw refused(e.what());
    }
}

bool is_file_name(std::string_view name) {
    return !name.empty() && name != "." && name != ".." &&
           name.find_first_of(std::string_view("/\0", 2)) == std::string_view::npos;
}

} // namespace

SquashfsReader::File::File(const Region& image) : sqfs_file_t{}, window(image) {
    base.destroy = nullptr; // a member of its user
    base.copy = nullptr;
    read_at = [](sqfs_file_t* file, sqfs_u64 at, void* buffer, size_t count) -> int {
        try {
            static_cast<File*>(file)->window.read({static_cast<std::uint8_t*>(buffer), count}, at);
            return 0;
        } catch (...) {
            return SQFS_ERROR_IO;
        }
    };
    write_at = [](sqfs_file_t*, sqfs_u64, const void*, size_t) -> int {
        return SQFS_ERROR_UNSUPPORTED;
    };
    get_size = [](const sqfs_file_t* file) -> sqfs_u64 {
        return static_cast<const File*>(file)->window.size();
    };
    truncate = [](sqfs_file_t*, sqfs_u64) -> int { return SQFS_ERROR_UNSUPPORTED; };
}

SquashfsReader::SquashfsReader(const Region& window) : file_(window) {
    const std::string doing = "read the root image";
    check(sqfs_super_read(&super_, &file_), doing);
    if (super_.bytes_used > window.size())
        throw refused("cannot " + doing + ": it is shorter than its superblock says");
    // Memory goes by it, and each fragment block has at least a byte.
    if (super_.fragment_entry_count > super_.bytes_used)
        throw refused("cannot " + doing + ": damaged squashfs");

    sqfs_compressor_config_t config;
    check(sqfs_compressor_config_init(&config, static_cast<SQFS_COMPRESSOR>(super_.compression_id),
                                      super_.block_size, SQFS_COMP_FLAG_UNCOMPRESS),
          doing);
    sqfs_compressor_t* compressor = nullptr;
    check(sqfs_compressor_create(&config, &compressor), doing);
    compressor_.reset(compressor);

    ids_.reset(sqfs_id_table_create(0));
    check_sqfs(ids_.get(), doing);
    check(sqfs_id_table_read(ids_.get(), &file_, &super_, compressor), doing);
    attributes_.reset(sqfs_xattr_reader_create(0));
    check_sqfs(attributes_.get(), doing);
    check(sqfs_xattr_reader_load(attributes_.get(), &super_, &file_, compressor), doing);
    directories_.reset(sqfs_dir_reader_create(&super_, compressor, &file_, 0));
    check_sqfs(directories_.get(), doing);
    data_.reset(sqfs_data_reader_create(&file_, super_.block_size, compressor, 0));
    check_sqfs(data_.get(), doing);
    check(sqfs_data_reader_load_fragment_table(data_.get(), &super_), doing);
    fragments_.reset(sqfs_frag_table_create(0));
    check_sqfs(fragments_.get(), doing);
    check(sqfs_frag_table_read(fragments_.get(), &file_, &super_, compressor), doing);
}

InodePointer SquashfsReader::root() const {
    sqfs_inode_generic_t* inode = nullptr;
    check(sqfs_dir_reader_get_root_inode(directories_.get(), &inode), "read the root image");
    return InodePointer(inode);
}

InodePointer SquashfsReader::child(const sqfs_inode_generic_t& directory,
                                   const std::string& name) const {
    check(sqfs_dir_reader_open_dir(directories_.get(), &directory, 0), "read a directory");
    const int found = sqfs_dir_reader_find(directories_.get(), name.c_str());
    if (found == SQFS_ERROR_NO_ENTRY)
        return nullptr;
    check(found, "find '" + printable(name) + "'");
    sqfs_inode_generic_t* inode = nullptr;
    check(sqfs_dir_reader_get_inode(directories_.get(), &inode), "read an inode");
    return InodePointer(inode);
}

void SquashfsReader::each_entry(
    const sqfs_inode_generic_t& directory,
    const std::function<void(std::string name, InodePointer inode)>& use) const {
    check(sqfs_dir_reader_open_dir(directories_.get(), &directory, 0), "read a directory");
    std::string before;
    while (true) {
        sqfs_dir_entry_t* raw = nullptr;
        const int result = sqfs_dir_reader_read(directories_.get(), &raw);
        check(result, "read a directory");
        if (result > 0)
            return;
        const SqfsMemory<sqfs_dir_entry_t> entry(raw);
        std::string name(reinterpret_cast<const char*>(entry->name), entry->size + 1U);
        if (!is_file_name(name) || name <= before)
            throw refused("cannot read a directory: damaged squashfs");
        sqfs_inode_generic_t* inode = nullptr;
        check(sqfs_dir_reader_get_inode(directories_.get(), &inode), "read an inode");
        before = name;
        use(std::move(name), InodePointer(inode));
    }
}

std::vector<std::pair<std::string, InodePointer>>
SquashfsReader::entries(const sqfs_inode_generic_t& directory) const {
    std::vector<std::pair<std::string, InodePointer>> found;
    each_entry(directory, [&found](std::string name, InodePointer inode) {
        found.emplace_back(std::move(name), std::move(inode));
    });
    return found;
}

std::uint64_t SquashfsReader::size_of(const sqfs_inode_generic_t& file) const {
    sqfs_u64 size = 0;
    check(sqfs_inode_get_file_size(&file, &size), "read an inode");
    return size;
}

void SquashfsReader::stream(const sqfs_inode_generic_t& file,
                            const std::function<void(ByteView)>& use) const {
    const std::uint64_t size = size_of(file);
    Bytes piece(static_cast<std::size_t>(std::min<std::uint64_t>(size, MiB)));
    for (std::uint64_t done = 0; done < size;) {
        const auto wanted =
            static_cast<sqfs_u32>(std::min<std::uint64_t>(size - done, piece.size()));
        const sqfs_s32 count =
            sqfs_data_reader_read(data_.get(), &file, done, piece.data(), wanted);
        check(count, "read a file of the root image");
        if (count == 0)
            throw refused("cannot read a file of the root image: it ends early");
        use(ByteView(piece).first(static_cast<std::size_t>(count)));
        done += static_cast<std::uint64_t>(count);
    }
}

FilePlace SquashfsReader::place_of(const sqfs_inode_generic_t& file) const {
    const std::string doing = "read an inode";
    FilePlace place;
    place.size = size_of(file);
    sqfs_u64 start = 0;
    check(sqfs_inode_get_file_block_start(&file, &start), doing);
    place.blocks_start = start;
    for (std::size_t i = 0; i < sqfs_inode_get_file_block_count(&file); ++i)
        place.blocks_size += file.extra[i] & stored_size_mask;

    sqfs_u32 block = squashfs_none;
    sqfs_u32 offset = 0;
    check(sqfs_inode_get_frag_location(&file, &block, &offset), doing);
    if (block == squashfs_none)
        return place;
    sqfs_fragment_t fragment;
    check(sqfs_frag_table_lookup(fragments_.get(), block, &fragment), doing);
    place.tail_block = fragment.start_offset;
    std::size_t size = 0;
    sqfs_u8* raw = nullptr;
    check(sqfs_data_reader_get_fragment(data_.get(), &file, &size, &raw), "read a file's end");
    const SqfsMemory<sqfs_u8> tail(raw);
    place.tail.assign(raw, raw + size);
    return place;
}

std::uint32_t SquashfsReader::owner(std::uint16_t index) const {
    sqfs_u32 id = 0;
    check(sqfs_id_table_index_to_id(ids_.get(), index, &id), "read an owner");
    return id;
}

std::map<std::string, Bytes>
SquashfsReader::attributes_of(const sqfs_inode_generic_t& inode) const {
    const std::string doing = "read extended attributes";
    std::map<std::string, Bytes> attributes;
    sqfs_u32 index = squashfs_none;
    check(sqfs_inode_get_xattr_index(&inode, &index), doing);
    if (index == squashfs_none)
        return attributes;
    sqfs_xattr_id_t place;
    check(sqfs_xattr_reader_get_desc(attributes_.get(), index, &place), doing);
    if (place.count == 0) // so it is, too, where there is no table to seek in
        return attributes;
    check(sqfs_xattr_reader_seek_kv(attributes_.get(), &place), doing);
    for (std::uint32_t i = 0; i < place.count; ++i) {
        sqfs_xattr_entry_t* raw_key = nullptr;
        check(sqfs_xattr_reader_read_key(attributes_.get(), &raw_key), doing);
        const SqfsMemory<sqfs_xattr_entry_t> key(raw_key);
        sqfs_xattr_value_t* raw_value = nullptr;
        check(sqfs_xattr_reader_read_value(attributes_.get(), key.get(), &raw_value), doing);
        const SqfsMemory<sqfs_xattr_value_t> value(raw_value);
        attributes[reinterpret_cast<const char*>(key->key)] =
            Bytes(value->value, value->value + value->size);
    }
    return attributes;
}

bool is_directory(const sqfs_inode_generic_t& inode) {
    return type_letter(inode) == 'd';
}
bool is_symlink(const sqfs_inode_generic_t& inode) {
    return type_letter(inode) == 'l';
}
bool is_file(const sqfs_inode_generic_t& inode) {
    return type_letter(inode) == '-';
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

std::string link_target(const sqfs_inode_generic_t& symlink) {
    return {reinterpret_cast<const char*>(symlink.extra), symlink.data.slink.target_size};
}

} // namespace quoin
