// SPDX-License-Identifier: Apache-2.0
// A boot entry as it lies on the ESP, before the kernel has mounted that.
#pragma once

#include "disk/fat.hpp"
#include "disk/fat_clusters.hpp"

#include <string_view>

namespace quoin {

/// Where the entries are, in FAT's way to write paths.
inline constexpr std::string_view entries_directory = "EFI/Linux";

/// As the loader sees it: the file starts a program. One without a first cluster that can be read
/// does not.
[[nodiscard]] bool is_listed(const Region& esp, const FatClusters& clusters, const FatName& file);

} // namespace quoin
