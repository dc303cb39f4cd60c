// SPDX-License-Identifier: Apache-2.0
// Names in a directory of a FAT32 volume, as they lie on the medium: what a file system driver does
// not show, because it believes that every name has clusters of its own. Microsoft's "FAT32 File
// System Specification" 1.03; VFAT long names.
#pragma once

#include "base/region.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quoin {

/// A file or directory under one of its names.
struct FatName {
    std::string name;                   ///< the long name where it has one; not ASCII: '?'
    bool directory = false;             ///
    std::uint32_t first_cluster = 0;    ///< 0: an empty file
    std::vector<std::uint64_t> records; ///< where its 32-byte records begin, the short one last
};

/// The names in the directory with this path ("EFI/Linux", in any case). Throws Error(refused) when
/// `volume` is not FAT32 or is damaged, Error(failed) when there is no such directory.
[[nodiscard]] std::vector<FatName> read_fat_directory(const Region& volume, std::string_view path);

/// The first cluster of that directory; throws alike.
[[nodiscard]] std::uint32_t find_fat_directory(const Region& volume, std::string_view path);

/// Removes one of several names of a file, durably. The clusters stay as they are: they are the
/// other name's. The volume must not be mounted. A power cut leaves the name or takes it away
/// whole.
void remove_fat_name(const Region& volume, const FatName& name);

/// Gives a file the length of its clusters, durably, where the number of these is not what its own
/// length needs; a chain that leads to a free cluster ends before it. The kernel writes length and
/// chain one after the other, and where a power cut came in between it makes the volume read-only
/// as soon as the file is read or written to. What lies in the clusters is not looked at. The
/// volume must not be mounted; throws as read_fat_directory does, and Error(refused) for a chain
/// without end and for one that is longer than a file can be.
void settle_fat_length(const Region& volume, const FatName& file);

} // namespace quoin
