// SPDX-License-Identifier: Apache-2.0
// A FAT32 volume in a file with a directory EFI/Linux, as firmware and kernel see an ESP.
#pragma once

#include "base/units.hpp"
#include "disk/fat.hpp"
#include "lib/disk/scratch.hpp"

#include <algorithm>

namespace quoin::test {

[[nodiscard]] inline const FatName& find(const std::vector<FatName>& names,
                                         const std::string& name) {
    const auto found = std::find_if(names.begin(), names.end(),
                                    [&](const FatName& each) { return each.name == name; });
    REQUIRE(found != names.end());
    return *found;
}

class FatVolume {
  public:
    FatVolume() : path_(scratch_.create("esp", 40 * MiB)) {
        // One sector a cluster: directories soon need more than one.
        run_checked({"/usr/sbin/mkfs.vfat", "-F", "32", "-s", "1", path_});
        run_checked({"mmd", "-i", path_, "::/EFI", "::/EFI/Linux"});
        fd_ = open_file(path_, O_RDWR);
    }

    [[nodiscard]] Region region() const { return {fd_, 0, 40 * MiB, "volume"}; }
    [[nodiscard]] std::vector<FatName> names() const {
        return read_fat_directory(region(), "EFI/Linux");
    }
    void write(const std::string& name, ByteView content) const {
        run_checked(
            {"mcopy", "-i", path_, scratch_.write("file", content), "::/EFI/Linux/" + name});
    }
    [[nodiscard]] Bytes read(const std::string& name) const {
        run_checked({"mcopy", "-n", "-i", path_, "::/EFI/Linux/" + name, scratch_.path("copy")});
        return content_of(scratch_.path("copy"));
    }
    void make_directory(const std::string& name) const {
        run_checked({"mmd", "-i", path_, "::/EFI/Linux/" + name});
    }
    /// Another name for the clusters of an existing one, as a torn rename leaves it.
    void add_name(const std::string& name, const std::string& existing) const {
        write(name, {});
        const auto found = names();
        Bytes record(32);
        region().read(record, find(found, existing).records.back());
        // All but the short name itself: attributes, times, cluster, size.
        region().write(ByteView(record).subspan(11), find(found, name).records.back() + 11);
    }
    /// Makes a file begin outside of the volume.
    void lead_nowhere(const std::string& name) const {
        const le16 high = 0x0fff;
        region().write(view_of(high), find(names(), name).records.back() + 20);
    }
    /// fsck.fat's status without repairs.
    [[nodiscard]] int check() const { return run({"/usr/sbin/fsck.fat", "-n", path_}).status; }

    /// mkfs.vfat's layout: 32 reserved sectors, two tables, then cluster 2, which is the root.
    [[nodiscard]] std::uint64_t table_offset() const { return 32 * std::uint64_t{512}; }
    [[nodiscard]] std::uint64_t root_offset() const {
        Bytes sectors(4);
        region().read(sectors, 36);
        return table_offset() + 2 * std::uint64_t{load<le32>(sectors)} * 512;
    }

  private:
    Scratch scratch_;
    std::string path_;
    UniqueFd fd_;
};

} // namespace quoin::test
