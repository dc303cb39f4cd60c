// SPDX-License-Identifier: Apache-2.0
// FAT has no link counts and the kernel gives each name an inode number of its own, so only the
// place of the first block tells; asking for it (FIBMAP) needs root.
#include "agent/bootloaders/shared_storage.hpp"

#include "base/fd.hpp"

#include <linux/fs.h>
#include <linux/magic.h>
#include <optional>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

namespace quoin {

namespace {

std::optional<int> first_block(FdRef fd) {
    int block = 0; // in: the file's block, out: the medium's
    if (::ioctl(fd.get(), FIBMAP, &block) != 0)
        return std::nullopt;
    return block;
}

bool lies_on_fat(FdRef fd) {
    struct statfs file_system {};
    return ::fstatfs(fd.get(), &file_system) != 0 || file_system.f_type == MSDOS_SUPER_MAGIC;
}

} // namespace

bool share_storage(const std::string& path, const std::string& other) {
    const UniqueFd first = open_file(path, O_RDONLY);
    const UniqueFd second = open_file(other, O_RDONLY);
    if (!lies_on_fat(first)) {
        struct stat one {};
        struct stat two {};
        return ::fstat(first.get(), &one) == 0 && ::fstat(second.get(), &two) == 0 &&
               one.st_ino == two.st_ino;
    }
    const auto block = first_block(first);
    const auto other_block = first_block(second);
    if (!block || !other_block)
        return true;
    return *block != 0 && *block == *other_block; // an empty file lies nowhere, and says 0
}

} // namespace quoin
