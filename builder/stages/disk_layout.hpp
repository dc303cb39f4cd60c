// SPDX-License-Identifier: Apache-2.0
// Where the partitions of a disk image lie, and what the table says of them.
// docs/ARCHITECTURE.md, "Disk layout". Pure functions.
#pragma once

#include "builder/recipe.hpp"
#include "crypto/digest.hpp"
#include "disk/gpt.hpp"

namespace quoin {

/// Bytes of the image file. All are multiples of 1 MiB.
struct Extent {
    std::uint64_t start = 0;
    std::uint64_t size = 0;

    [[nodiscard]] std::uint64_t end() const { return start + size; }
};

/// One image: ESP first, so that the place of root A is known before the root's size is.
struct DiskLayout {
    Extent esp;
    Extent root_a;
    Extent verity_a;
    Extent root_b;
    Extent verity_b;
    Extent data;
    std::uint64_t disk_size = 0;
};

/// The ESP, which depends on nothing but the recipe: 256 MiB by default, with 4096-byte sectors
/// 272 MiB, since FAT32 needs 65525 clusters.
[[nodiscard]] Extent esp_extent(const Recipe& recipe);

/// Lays out a disk for a root of `root_size` bytes whose index takes `index_size`. Slots are what
/// the recipe says, else half as large again as the root and at least 32 MiB larger, so that later
/// releases fit. Throws Error(usage) when the recipe's slots are too small for the root.
[[nodiscard]] DiskLayout lay_out_disk(const Recipe& recipe, std::uint64_t root_size,
                                      std::uint64_t index_size);

/// "ID_VERSION": partition label, boot entry and name of every output.
[[nodiscard]] std::string image_name(const Recipe& recipe);

/// The six entries of the table. UUIDs of slot a come from the root hash, the others are derived.
[[nodiscard]] std::vector<Partition>
image_partitions(const Recipe& recipe, const DiskLayout& layout, const Digest& root_hash);

} // namespace quoin
