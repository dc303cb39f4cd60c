// SPDX-License-Identifier: Apache-2.0
// Clusters of a FAT32 volume and the chains that they form (Microsoft's "FAT32 File System
// Specification" 1.03).
#pragma once

#include "base/region.hpp"

#include <cstdint>
#include <vector>

namespace quoin {

/// Borrows the region. Every constructor call reads the boot sector.
class FatClusters {
  public:
    /// Throws Error(refused) when `volume` is not FAT32.
    explicit FatClusters(const Region& volume);

    [[nodiscard]] std::uint32_t root() const { return root_; }
    [[nodiscard]] std::uint64_t cluster_size() const { return cluster_; }
    /// Where a cluster's bytes are.
    [[nodiscard]] std::uint64_t place_of(std::uint32_t cluster) const;

    /// The clusters of a directory that begins at `cluster`. Not empty. Throws Error(refused)
    /// for a chain that leads nowhere or has no end.
    [[nodiscard]] std::vector<std::uint32_t> chain(std::uint32_t cluster) const;

    /// The number of clusters in the chain that begins at `cluster`, which may be 0: none. One that
    /// leads to a free cluster, or out of the volume, is made to end before that, durably. Throws
    /// Error(refused) for one without end.
    [[nodiscard]] std::uint64_t settle_chain(std::uint32_t cluster) const;

    /// Lets the directory whose last cluster is `last` go on for `count` clusters of zeros,
    /// durably. A power cut leaves it as it was or as it is then, at most with clusters that are
    /// nobody's; the count of free clusters, a hint, follows. The volume must not be mounted.
    /// Throws Error(failed) when there is no room.
    void extend(std::uint32_t last, std::size_t count) const;

  private:
    [[nodiscard]] std::uint32_t next(std::uint32_t cluster) const;
    [[nodiscard]] std::vector<std::uint32_t> free_clusters(std::size_t count) const;
    void set_next(std::uint32_t cluster, std::uint32_t next) const;
    void take_from_free_count(std::size_t count) const;

    const Region& region_;
    std::uint64_t cluster_ = 0;
    std::uint64_t table_ = 0;
    std::uint64_t table_size_ = 0;
    unsigned tables_ = 0;
    std::uint64_t first_cluster_ = 0;
    std::uint32_t clusters_ = 0; ///< their numbers are smaller than this
    std::uint32_t root_ = 0;
    bool has_free_count_ = false;
    std::uint64_t free_count_ = 0; ///< where it lies; a hint
};

} // namespace quoin
