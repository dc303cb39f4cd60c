// SPDX-License-Identifier: Apache-2.0
#include "disk/fat_settle.hpp"

#include "base/error.hpp"
#include "disk/fat_clusters.hpp"

#include <algorithm>

namespace quoin {

namespace {

constexpr std::size_t sector = 512; // what a medium writes as a whole
constexpr std::size_t record_size = 32;
constexpr std::size_t dots = 2 * record_size; // "." and ".."
/// Of a directory: a layout with names for both slots and leftovers, twice, and years of tries.
constexpr std::size_t least_sectors = 16;

/// Goes on to `size` with records that everybody skips.
void pad_to(Bytes& records, std::size_t size) {
    constexpr std::string_view label = "PADDING    ";
    constexpr std::uint8_t attribute_label = 0x08;
    while (records.size() < size) {
        const std::size_t at = records.size();
        records.resize(at + record_size);
        std::copy(label.begin(), label.end(), records.begin() + static_cast<std::ptrdiff_t>(at));
        records[at + label.size()] = attribute_label;
    }
}

/// A directory's sectors, in the order of its chain.
class Directory {
  public:
    Directory(const Region& volume, const FatClusters& clusters, std::uint32_t first)
        : volume_(volume) {
        for (const std::uint32_t cluster : clusters.chain(first))
            for (std::uint64_t at = 0; at < clusters.cluster_size(); at += sector)
                places_.push_back(clusters.place_of(cluster) + at);
        content_.resize(places_.size() * sector);
        for (std::size_t i = 0; i < places_.size(); ++i)
            volume.read(ByteSpan(content_).subspan(i * sector, sector), places_[i]);
        if (!is_named(0, ".          ") || !is_named(record_size, "..         "))
            throw refused("cannot lay out a directory in '" + volume.name() + "': it is damaged");
    }

    [[nodiscard]] std::size_t sectors() const { return places_.size(); }
    [[nodiscard]] ByteView content() const { return content_; }
    [[nodiscard]] bool changed() const { return changed_; }

    /// Up to where firmware looks: behind the last record before a zero.
    [[nodiscard]] std::size_t end() const {
        std::size_t at = 0;
        while (at < content_.size() && content_[at] != 0)
            at += record_size;
        return at;
    }

    /// Where in content() a record lies that is at `place` on the volume.
    [[nodiscard]] std::size_t offset_of(std::uint64_t place) const {
        const auto found = std::find(places_.begin(), places_.end(), place / sector * sector);
        return static_cast<std::size_t>(found - places_.begin()) * sector +
               static_cast<std::size_t>(place % sector);
    }

    /// One sector, durably.
    void write(std::size_t number, ByteView wanted) {
        const auto current = ByteSpan(content_).subspan(number * sector, sector);
        if (std::equal(wanted.begin(), wanted.end(), current.begin()))
            return;
        volume_.write(wanted, places_[number]);
        volume_.sync();
        std::copy(wanted.begin(), wanted.end(), current.begin());
        changed_ = true;
    }

    void end_before(std::size_t number) {
        for (; number < sectors(); ++number)
            write(number, Bytes(sector));
    }

  private:
    [[nodiscard]] bool is_named(std::size_t at, std::string_view short_name) const {
        return text_of(ByteView(content_).subspan(at, short_name.size())) == short_name;
    }

    const Region& volume_;
    std::vector<std::uint64_t> places_;
    Bytes content_;
    bool changed_ = false;
};

Bytes lay_out(const Directory& directory, const std::vector<FatName>& names) {
    const ByteView content = directory.content();
    Bytes wanted(content.begin(), content.begin() + dots);
    pad_to(wanted, sector);
    for (const FatName& name : names) {
        for (const std::uint64_t place : name.records) {
            const ByteView record = content.subspan(directory.offset_of(place), record_size);
            wanted.insert(wanted.end(), record.begin(), record.end());
        }
        if (&name == &names.front() || &name != &names.back())
            pad_to(wanted, round_up(wanted.size(), sector));
    }
    wanted.resize(round_up(wanted.size(), sector)); // the last one's sector stays free
    return wanted;
}

/// Puts `names` behind the directory's end as well; from `first` on.
void write_copies(Directory& directory, ByteView names, std::size_t first) {
    for (std::size_t at = 0; at < names.size(); at += sector)
        directory.write(first + at / sector, names.subspan(at, sector));
    // Nothing may end the directory before them. Last comes the sector that does so now.
    const std::size_t end = directory.end();
    for (std::size_t number = first; number-- > end / sector;) {
        Bytes filled(number * sector);
        const ByteView content = directory.content();
        if (number == end / sector)
            filled.assign(content.begin(), content.begin() + static_cast<std::ptrdiff_t>(end));
        pad_to(filled, (number + 1) * sector);
        directory.write(number, ByteView(filled).subspan(number * sector));
    }
}

void make_room(const FatClusters& clusters, std::uint32_t first) {
    const auto chain = clusters.chain(first);
    const std::size_t least =
        round_up(least_sectors * sector, clusters.cluster_size()) / clusters.cluster_size();
    if (chain.size() < least)
        clusters.extend(chain.back(), least - chain.size());
}

/// The directory of that path, with room ahead.
Directory roomy_directory(const Region& volume, std::string_view path) {
    const std::uint32_t first = find_fat_directory(volume, path);
    const FatClusters clusters(volume);
    make_room(clusters, first);
    return {volume, clusters, first};
}

} // namespace

bool settle_fat_directory(const Region& volume, std::string_view path,
                          const std::vector<FatName>& names) {
    Directory directory = roomy_directory(volume, path);
    const Bytes wanted = lay_out(directory, names);
    const ByteView content = directory.content();
    if (wanted.size() <= content.size() &&
        std::equal(wanted.begin(), wanted.end(), content.begin()) &&
        all_zero(content.subspan(wanted.size())))
        return false;

    const std::size_t copies = std::max(round_up(directory.end(), sector), wanted.size()) / sector;
    if (copies + wanted.size() / sector > directory.sectors())
        return false;
    write_copies(directory, ByteView(wanted).subspan(sector), copies);
    // From here on every name is there twice, and any sector in front may be written.
    for (std::size_t at = 0; at < wanted.size(); at += sector)
        directory.write(at / sector, ByteView(wanted).subspan(at, sector));
    directory.end_before(wanted.size() / sector);
    return directory.changed();
}

bool trim_fat_directory(const Region& volume, std::string_view path,
                        const std::vector<FatName>& names) {
    Directory directory = roomy_directory(volume, path);
    std::vector<std::size_t> live = {0, record_size};
    for (const FatName& name : names)
        for (const std::uint64_t place : name.records)
            live.push_back(directory.offset_of(place));
    std::sort(live.begin(), live.end());

    const std::size_t last = live.back() / sector;
    Bytes wanted;
    for (const std::size_t at : live)
        if (at / sector == last) {
            const ByteView record = directory.content().subspan(at, record_size);
            wanted.insert(wanted.end(), record.begin(), record.end());
        }
    wanted.resize(sector);
    directory.end_before(last + 1);
    directory.write(last, wanted);
    return directory.changed();
}

} // namespace quoin
