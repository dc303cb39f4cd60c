// SPDX-License-Identifier: Apache-2.0
// Entries as squashfs inodes. Owners, number and extended attributes are filled in by whoever keeps
// their tables.
#pragma once

#include "builder/squashfs/sqfs.hpp"
#include "builder/squashfs/writer_state.hpp"
#include "builder/tree/tree.hpp"

#include <sqfs/inode.h>

namespace quoin {

using InodeMemory = SqfsMemory<sqfs_inode_generic_t>;

/// Squashfs's value for "no fragment" and "no extended attributes".
inline constexpr std::uint32_t squashfs_none = 0xffffffff;

/// Type and permissions as in st_mode.
[[nodiscard]] std::uint16_t squashfs_mode(const Inode& inode);

/// Seconds from 1970 to 2106, clamped.
[[nodiscard]] std::uint32_t squashfs_time(const Inode& inode);

/// The inode of a symlink, device, fifo or socket. Throws Error(refused) for a device number that
/// Linux cannot have.
[[nodiscard]] InodeMemory special_inode(const Node& node);

/// The inode of a file; takes the block list out of `content`.
[[nodiscard]] InodeMemory file_inode(const Inode& file, FileContent& content);

} // namespace quoin
