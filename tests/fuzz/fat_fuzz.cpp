// SPDX-License-Identifier: Apache-2.0
// The EFI system partition, which firmware, power cuts and other systems may have damaged. An input
// is the starts of the first four sectors (in a sound volume: boot sector, table, "/" and "/EFI")
// and then the volume from its fifth sector on. Names may be moved, but none is lost and none is
// added, and nothing outside their directory changes.
#include "disk/fat_clusters.hpp"
#include "disk/fat_settle.hpp"
#include "fuzz_target.hpp"
#include "memory_file.hpp"

#include <algorithm>
#include <set>

using namespace quoin;

static constexpr std::size_t sector = 512;
static constexpr std::size_t volume_size = 160 * sector;
static constexpr std::size_t starts = 4;
static constexpr std::size_t start_size = 128;
static const std::string directory = "EFI/Linux";

static Bytes volume_of(ByteView input) {
    Bytes volume(volume_size);
    for (std::size_t i = 0; i < starts; ++i)
        std::ranges::copy(input.subspan(i * start_size, start_size),
                          ByteSpan(volume).subspan(i * sector).begin());
    const ByteView rest = input.subspan(starts * start_size);
    std::ranges::copy(rest.first(std::min(rest.size(), volume_size - starts * sector)),
                      volume.begin() + starts * sector);
    return volume;
}

static bool is_dots(const FatName& name) {
    return name.name == "." || name.name == "..";
}

/// A directory on the way to another one that shares clusters with it is beyond repair.
static bool is_apart(const Region& volume) {
    const FatClusters clusters(volume);
    std::set<std::uint32_t> seen;
    for (const std::string& path : {std::string(), std::string("EFI"), directory})
        for (const std::uint32_t cluster : clusters.chain(find_fat_directory(volume, path)))
            if (!seen.insert(cluster).second)
                return false;
    return true;
}

/// The names but for "." and ".."; their records lie in the volume.
static std::vector<FatName> names_in(const Region& volume) {
    std::vector<FatName> names = read_fat_directory(volume, directory);
    for (const FatName& name : names) {
        fuzz::require(!name.records.empty());
        for (const std::uint64_t place : name.records)
            fuzz::require(place % 32 == 0 && place >= sector && place < volume_size);
    }
    std::erase_if(names, is_dots);
    return names;
}

static Bytes content_of(const Region& volume) {
    Bytes content(volume_size);
    volume.read(content, 0);
    return content;
}

/// Boot sector, other directories, files: all but tables, hints and the directory's own clusters.
static void require_unchanged(const Region& volume, const Bytes& before) {
    const FatClusters clusters(volume);
    Bytes expected = before;
    const Bytes after = content_of(volume);
    const auto accept = [&](std::uint64_t start, std::uint64_t end) {
        std::copy(after.begin() + static_cast<std::ptrdiff_t>(start),
                  after.begin() + static_cast<std::ptrdiff_t>(end),
                  expected.begin() + static_cast<std::ptrdiff_t>(start));
    };
    accept(sector, clusters.place_of(2)); // clusters are counted from 2
    for (const std::uint32_t cluster : clusters.chain(find_fat_directory(volume, directory)))
        accept(clusters.place_of(cluster), clusters.place_of(cluster) + clusters.cluster_size());
    fuzz::require(after == expected);
}

/// The names that are there now, which lie where they may have been moved to.
static std::vector<FatName> require_names(const Region& volume,
                                          const std::vector<FatName>& expected) {
    std::vector<FatName> found = fuzz::must([&] { return names_in(volume); });
    fuzz::require(std::ranges::equal(found, expected, [](const FatName& a, const FatName& b) {
        return a.name == b.name && a.directory == b.directory && a.first_cluster == b.first_cluster;
    }));
    return found;
}

static void check_volume(ByteView input) {
    static const fuzz::MemoryFile file;
    if (input.size() < starts * start_size)
        return;
    file.set(volume_of(input));
    const Region volume(file.fd(), 0, volume_size, "volume");
    const std::vector<FatName> names = names_in(volume);
    const bool is_whole = is_apart(volume);
    const Bytes before = content_of(volume);

    trim_fat_directory(volume, directory, names);
    if (is_whole)
        require_names(volume, names);
    settle_fat_directory(volume, directory, names_in(volume));
    if (!is_whole)
        return;
    require_unchanged(volume, before);
    const std::vector<FatName> settled = require_names(volume, names);
    fuzz::require(!settle_fat_directory(volume, directory, settled));
    if (settled.size() > 1) // one alone has its sector full, for what comes behind it
        fuzz::require(!trim_fat_directory(volume, directory, settled));
    if (settled.empty())
        return;
    remove_fat_name(volume, settled.front());
    const auto left = require_names(volume, {settled.begin() + 1, settled.end()});
    for (const FatName& name : left) {
        if (name.directory)
            continue;
        settle_fat_length(volume, name);
        const Bytes once = content_of(volume);
        settle_fat_length(volume, name);
        fuzz::require(content_of(volume) == once);
    }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // There may be no such directory, or no room: neither is a refusal.
    return fuzz::run(check_volume, {data, size}, {ErrorCode::refused, ErrorCode::failed});
}
