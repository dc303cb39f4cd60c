// SPDX-License-Identifier: Apache-2.0
#include "builder/squashfs/inodes.hpp"

#include "base/error.hpp"
#include "base/terminal.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <utility>

namespace quoin {

namespace {

constexpr std::uint32_t most_majors = 1U << 12;
constexpr std::uint32_t most_minors = 1U << 20;

InodeMemory make_inode(std::uint16_t type, std::size_t payload = 0) {
    InodeMemory inode(
        static_cast<sqfs_inode_generic_t*>(std::calloc(1, sizeof(sqfs_inode_generic_t) + payload)));
    check_sqfs(inode.get(), "make an inode");
    inode->base.type = type;
    inode->payload_bytes_available = static_cast<sqfs_u32>(payload);
    return inode;
}

std::uint16_t file_type_bits(EntryType type) {
    switch (type) {
    case EntryType::directory:
        return SQFS_INODE_MODE_DIR;
    case EntryType::symlink:
        return SQFS_INODE_MODE_LNK;
    case EntryType::character_device:
        return SQFS_INODE_MODE_CHR;
    case EntryType::block_device:
        return SQFS_INODE_MODE_BLK;
    case EntryType::fifo:
        return SQFS_INODE_MODE_FIFO;
    case EntryType::socket:
        return SQFS_INODE_MODE_SOCK;
    case EntryType::file:
        return SQFS_INODE_MODE_REG;
    case EntryType::hard_link:
    case EntryType::whiteout:
    case EntryType::opaque:
        break;
    }
    throw Error("cannot write an inode: the tree has an entry that is no object of its own");
}

/// As Linux encodes it (new_encode_dev).
std::uint32_t device_number(const Node& node) {
    const std::uint32_t major = node.inode->device_major;
    const std::uint32_t minor = node.inode->device_minor;
    if (major >= most_majors || minor >= most_minors)
        throw refused("cannot store device '" + printable(RootTree::path_of(node)) +
                      "': its number is too large");
    return (minor & 0xffU) | (major << 8) | ((minor & ~0xffU) << 12);
}

InodeMemory symlink_inode(std::string_view target, std::uint32_t names) {
    InodeMemory inode = make_inode(SQFS_INODE_SLINK, target.size());
    inode->data.slink.nlink = names;
    inode->data.slink.target_size = static_cast<sqfs_u32>(target.size());
    inode->payload_bytes_used = inode->data.slink.target_size;
    // Not memcpy: an empty target may have no address.
    std::ranges::copy(target, reinterpret_cast<char*>(inode->extra));
    return inode;
}

} // namespace

std::uint16_t squashfs_mode(const Inode& inode) {
    return static_cast<std::uint16_t>(inode.mode | file_type_bits(inode.type));
}

std::uint32_t squashfs_time(const Inode& inode) {
    return static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(inode.mtime, 0, std::numeric_limits<std::uint32_t>::max()));
}

InodeMemory special_inode(const Node& node) {
    const std::uint32_t names = node.inode->names;
    const auto device = [&](std::uint16_t type) {
        InodeMemory inode = make_inode(type);
        inode->data.dev.nlink = names;
        inode->data.dev.devno = device_number(node);
        return inode;
    };
    const auto ipc = [&](std::uint16_t type) {
        InodeMemory inode = make_inode(type);
        inode->data.ipc.nlink = names;
        return inode;
    };
    switch (node.inode->type) {
    case EntryType::character_device:
        return device(SQFS_INODE_CDEV);
    case EntryType::block_device:
        return device(SQFS_INODE_BDEV);
    case EntryType::fifo:
        return ipc(SQFS_INODE_FIFO);
    case EntryType::socket:
        return ipc(SQFS_INODE_SOCKET);
    default:
        return symlink_inode(node.inode->link_target, names);
    }
}

InodeMemory file_inode(const Inode& file, FileContent& content) {
    InodeMemory inode(std::exchange(content.inode, nullptr));
    if (!inode)
        inode = make_inode(SQFS_INODE_FILE);
    check_sqfs(sqfs_inode_set_file_size(inode.get(), file.size), "write an inode");
    const std::uint32_t block = content.tail ? content.tail->block : squashfs_none;
    const std::uint32_t offset = content.tail ? content.tail->offset : squashfs_none;
    check_sqfs(sqfs_inode_set_frag_location(inode.get(), block, offset), "write an inode");
    if (file.names > 1) // the plain form has no count of names
        check_sqfs(sqfs_inode_make_extended(inode.get()), "write an inode");
    if (inode->base.type == SQFS_INODE_EXT_FILE)
        inode->data.file_ext.nlink = file.names;
    return inode;
}

} // namespace quoin
