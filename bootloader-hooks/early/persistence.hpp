// SPDX-License-Identifier: Apache-2.0
// What outlives a boot: the data partition, and the directories of it that show in the root.
#pragma once

#include <string>
#include <vector>

namespace quoin::early {

/// How the data partition came out.
struct DataMount {
    std::string directory; ///< where it lies, also when memory stands in for it
    bool mounted = false;  ///< false: a file system in memory, gone with the next boot
    std::string note;      ///< what went wrong; empty when nothing did
};

/// Mounts `device` (empty: there is no data partition) as ext4 at /sysroot/run/quoin/data. When
/// that fails, the image's e2fsck mends what it can without asking. When it still fails, read-only
/// without its journal, with a layer in memory above it; when that fails too, memory alone stands
/// in: a node that runs without its data can still be updated and looked at. In every case the
/// directory can be written.
[[nodiscard]] DataMount mount_data(const std::string& device);

/// Binds each directory of the list file (absent: none) from the data partition into the root,
/// seeded first. One that cannot be bound stays as the image has it. Returns notes.
[[nodiscard]] std::vector<std::string> bind_persistent_directories(const DataMount& data,
                                                                   const std::string& list_file);

} // namespace quoin::early
