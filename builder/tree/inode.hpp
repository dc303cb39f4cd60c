// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "builder/entry.hpp"

#include <limits>
#include <memory>
#include <string_view>

namespace quoin {

/// One file-system object; hard links share it. As small as it can be, since a root may have
/// hundreds of thousands: its texts lie in the tree that it is of.
struct Inode {
    static constexpr std::uint32_t no_content = std::numeric_limits<std::uint32_t>::max();

    EntryType type = EntryType::file;
    bool generated = false; ///< made by Quoin: gets the image's time
    std::uint16_t mode = 0; ///< permission bits with setuid, setgid, sticky
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::uint32_t content = no_content; ///< of a file: its number in the squashfs writer
    std::int64_t mtime = 0;
    std::uint64_t size = 0;       ///< of a file
    std::string_view link_target; ///< of a symlink
    ByteView attributes;          ///< packed
    std::uint32_t device_major = 0;
    std::uint32_t device_minor = 0;
    std::unique_ptr<Bytes> held; ///< of a file: content kept in memory until the end

    // The squashfs writer's:
    std::uint32_t number = 0;    ///< 0: not given yet
    std::uint32_t names = 0;     ///< that lead to it
    std::uint64_t reference = 0; ///< where it lies in the inode table

    [[nodiscard]] bool has_content() const { return content != no_content; }
};

} // namespace quoin
