// SPDX-License-Identifier: Apache-2.0
// The first table is the one that firmware and kernel read; all are written.
#include "disk/fat_clusters.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <utility>

namespace quoin {

namespace {

/// The boot sector of a FAT32 volume, up to what is needed.
struct BootSector {
    std::array<std::uint8_t, 11> jump_and_maker;
    le16 bytes_per_sector;
    std::uint8_t sectors_per_cluster;
    le16 reserved_sectors;
    std::uint8_t tables;
    le16 root_entries; ///< 0 on FAT32
    le16 sectors_16;
    std::uint8_t media;
    le16 table_sectors_16; ///< 0 on FAT32
    std::array<std::uint8_t, 8> geometry;
    le32 sectors_32;
    le32 table_sectors;
    le16 flags;
    le16 version;
    le32 root_cluster;
    le16 info_sector;
};
static_assert(sizeof(BootSector) == 50);

/// In the information sector; its own signature stands before it.
struct FreeCount {
    le32 signature;
    le32 clusters;
};
constexpr std::uint64_t free_count_place = 484;
constexpr std::uint32_t free_count_signature = 0x61417272;
constexpr std::uint32_t unknown_count = 0xffffffff;

constexpr std::uint32_t free_cluster = 0; // in the table
constexpr std::uint32_t first_number = 2; // clusters are counted from here
constexpr std::uint32_t number_bits = 0x0fffffff;
constexpr std::uint32_t end_of_chain = 0x0ffffff8; // and above
constexpr std::uint32_t last_of_chain = 0x0fffffff;
/// The specification's limit of a directory, so that a chain without end is noticed.
constexpr std::uint64_t largest_directory = 65536 * std::uint64_t{32};

} // namespace

FatClusters::FatClusters(const Region& volume) : region_(volume) {
    Bytes sector(sizeof(BootSector));
    volume.read(sector, 0);
    const auto boot = load<BootSector>(sector);
    const std::uint64_t sector_size = boot.bytes_per_sector;
    cluster_ = sector_size * boot.sectors_per_cluster;
    const bool is_fat32 = boot.root_entries == 0 && boot.table_sectors_16 == 0 &&
                          boot.table_sectors != 0 && boot.tables != 0 && boot.reserved_sectors != 0;
    // Both powers of two, so that no record lies across the end of a cluster.
    if (!is_fat32 || sector_size < 512 || sector_size > 4096 || !std::has_single_bit(cluster_))
        throw refused("cannot read '" + volume.name() + "': it is not FAT32");
    table_ = boot.reserved_sectors * sector_size;
    table_size_ = boot.table_sectors * sector_size;
    tables_ = boot.tables;
    first_cluster_ = table_ + table_size_ * tables_;
    root_ = boot.root_cluster;
    free_count_ = boot.info_sector * sector_size + free_count_place;
    has_free_count_ = boot.info_sector != 0 && boot.info_sector < boot.reserved_sectors;
    const std::uint64_t sectors = boot.sectors_16 != 0 ? boot.sectors_16 : boot.sectors_32;
    const std::uint64_t end = std::min(sectors * sector_size, volume.size());
    const std::uint64_t count = end > first_cluster_ ? (end - first_cluster_) / cluster_ : 0;
    clusters_ = static_cast<std::uint32_t>(
        std::min<std::uint64_t>({count + first_number, table_size_ / 4, end_of_chain}));
}

std::uint64_t FatClusters::place_of(std::uint32_t cluster) const {
    return first_cluster_ + (cluster - first_number) * cluster_;
}

std::vector<std::uint32_t> FatClusters::chain(std::uint32_t cluster) const {
    std::vector<std::uint32_t> clusters;
    do {
        if (cluster < first_number || cluster >= clusters_ ||
            clusters.size() * cluster_ >= largest_directory)
            throw refused("cannot read '" + region_.name() + "': a directory in it is damaged");
        clusters.push_back(cluster);
        cluster = next(cluster);
    } while (cluster < end_of_chain);
    return clusters;
}

std::uint64_t FatClusters::settle_chain(std::uint32_t cluster) const {
    std::uint64_t count = 0;
    for (std::uint32_t last = 0; cluster < end_of_chain; ++count) {
        if (count == clusters_)
            throw refused("cannot read '" + region_.name() + "': a file in it has no end");
        const bool exists = cluster >= first_number && cluster < clusters_;
        const std::uint32_t following = exists ? next(cluster) : free_cluster;
        if (following == free_cluster) {
            if (last != 0)
                set_next(last, last_of_chain);
            break;
        }
        last = std::exchange(cluster, following);
    }
    return count;
}

void FatClusters::extend(std::uint32_t last, std::size_t count) const {
    const std::vector<std::uint32_t> added = free_clusters(count);
    const Bytes zeros(static_cast<std::size_t>(cluster_));
    for (std::size_t i = 0; i < added.size(); ++i) {
        region_.write(zeros, place_of(added[i]));
        region_.sync();
        set_next(added[i], i + 1 < added.size() ? added[i + 1] : last_of_chain);
    }
    // Firmware takes a directory whose chain leads to a free cluster for an empty one: until here
    // nothing leads to the new ones.
    if (added.empty())
        return;
    set_next(last, added.front());
    take_from_free_count(added.size());
}

void FatClusters::take_from_free_count(std::size_t count) const {
    if (!has_free_count_)
        return;
    Bytes known(sizeof(FreeCount));
    region_.read(known, free_count_);
    const auto free = load<FreeCount>(known);
    if (free.signature != free_count_signature || free.clusters == unknown_count ||
        free.clusters < count)
        return;
    const le32 fewer = free.clusters - static_cast<std::uint32_t>(count);
    region_.write(view_of(fewer), free_count_ + offsetof(FreeCount, clusters));
    region_.sync();
}

std::uint32_t FatClusters::next(std::uint32_t cluster) const {
    Bytes entry(4);
    region_.read(entry, table_ + std::uint64_t{cluster} * 4);
    return load<le32>(entry) & number_bits;
}

std::vector<std::uint32_t> FatClusters::free_clusters(std::size_t count) const {
    Bytes table(static_cast<std::size_t>(std::uint64_t{clusters_} * 4));
    region_.read(table, table_);
    std::vector<std::uint32_t> found;
    for (std::uint32_t cluster = first_number; cluster < clusters_ && found.size() < count;
         ++cluster)
        if ((load<le32>(ByteView(table).subspan(std::size_t{cluster} * 4)) & number_bits) ==
            free_cluster)
            found.push_back(cluster);
    if (found.size() < count)
        throw Error("cannot extend a directory in '" + region_.name() + "': it is full");
    return found;
}

void FatClusters::set_next(std::uint32_t cluster, std::uint32_t next) const {
    const le32 entry = next;
    for (unsigned number = tables_; number-- > 0;) {
        region_.write(view_of(entry), table_ + number * table_size_ + std::uint64_t{cluster} * 4);
        region_.sync();
    }
}

} // namespace quoin
