// SPDX-License-Identifier: Apache-2.0
// One file-system object on its way from a source into squashfs, and who passes it on.
#pragma once

#include "base/bytes.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace quoin {

/// The last two exist only between the layers of an OCI image: they hide what lower layers have.
enum class EntryType : std::uint8_t {
    directory,
    file,
    symlink,
    hard_link,
    character_device,
    block_device,
    fifo,
    socket,
    whiteout, ///< hides this path of the layers below
    opaque,   ///< hides everything that the layers below have in this directory
};

/// Metadata is exact: nothing is taken from or stored on the builder's file system.
struct Entry {
    std::string
        path; ///< relative, no leading or trailing '/', no "." or ".." component; "" is the root
    EntryType type = EntryType::file;
    std::uint32_t mode = 0; ///< permission bits with setuid, setgid, sticky
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::int64_t mtime = 0;
    std::uint64_t size = 0;  ///< of a file
    std::string link_target; ///< symlink: as stored; hard link: path of the first name
    std::uint32_t device_major = 0;
    std::uint32_t device_minor = 0;
    std::map<std::string, Bytes> xattrs; ///< full names: "security.capability"
};

/// Yields a file's content in order; returns the number of bytes put into `buffer`, 0 at the end.
using ContentReader = std::function<std::size_t(ByteSpan buffer)>;

/// Receives entries in the source's order. Content may be read only during the call.
using EntrySink = std::function<void(const Entry& entry, const ContentReader& content)>;

/// A reader of bytes in memory, which must outlive it.
[[nodiscard]] ContentReader read_from(ByteView bytes);

/// All of `content`, at most `limit` bytes; throws Error(refused) naming `name` when there is more.
[[nodiscard]] Bytes read_whole(const ContentReader& content, std::uint64_t limit,
                               const std::string& name);

/// Makes "./usr//bin/" into "usr/bin". Throws Error(refused) naming it for an absolute path, a ".."
/// component, a NUL byte or a component longer than 255 bytes.
[[nodiscard]] std::string normal_entry_path(const std::string& path);

} // namespace quoin
