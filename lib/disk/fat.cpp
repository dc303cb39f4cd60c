// SPDX-License-Identifier: Apache-2.0
#include "disk/fat.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <optional>

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
};
static_assert(sizeof(BootSector) == 48);

struct ShortRecord {
    std::array<std::uint8_t, 11> name; ///< 8 and 3 characters, padded with spaces
    std::uint8_t attributes;
    std::array<std::uint8_t, 8> times;
    le16 cluster_high;
    std::array<std::uint8_t, 4> time_written;
    le16 cluster_low;
    le32 size;
};
static_assert(sizeof(ShortRecord) == 32);

constexpr std::uint64_t record_size = sizeof(ShortRecord);
constexpr std::uint8_t end_of_directory = 0x00;
constexpr std::uint8_t removed = 0xe5;
constexpr std::uint8_t long_name = 0x0f; // attributes of a record that holds a piece of one
constexpr std::uint8_t attribute_directory = 0x10;
constexpr std::uint8_t attribute_label = 0x08;
constexpr std::uint8_t last_piece = 0x40; // the first one on the medium
constexpr std::uint32_t end_of_chain = 0x0ffffff8;
/// The specification's limit of a directory, so that a chain without end is noticed.
constexpr std::uint64_t largest_directory = 65536 * record_size;

class Volume {
  public:
    explicit Volume(const Region& region) : region_(region) {
        Bytes sector(sizeof(BootSector));
        region.read(sector, 0);
        const auto boot = load<BootSector>(sector);
        sector_ = boot.bytes_per_sector;
        cluster_ = sector_ * boot.sectors_per_cluster;
        const bool is_fat32 = boot.root_entries == 0 && boot.table_sectors_16 == 0 &&
                              boot.table_sectors != 0 && boot.tables != 0;
        if (!is_fat32 || sector_ < 512 || sector_ > 4096 || cluster_ == 0)
            throw refused("cannot read '" + region.name() + "': it is not FAT32");
        table_ = boot.reserved_sectors * sector_;
        first_cluster_ = table_ + std::uint64_t{boot.table_sectors} * sector_ * boot.tables;
        root_ = boot.root_cluster;
    }

    [[nodiscard]] std::uint32_t root() const { return root_; }
    [[nodiscard]] std::uint64_t cluster_size() const { return cluster_; }
    [[nodiscard]] std::uint64_t place_of(std::uint32_t cluster) const {
        return first_cluster_ + (cluster - 2) * cluster_;
    }

    /// The clusters of a directory that begins at `cluster`.
    [[nodiscard]] std::vector<std::uint32_t> chain(std::uint32_t cluster) const {
        std::vector<std::uint32_t> clusters;
        for (; cluster < end_of_chain; cluster = next(cluster)) {
            if (cluster < 2 || clusters.size() * cluster_ >= largest_directory)
                throw refused("cannot read '" + region_.name() + "': a directory in it is damaged");
            clusters.push_back(cluster);
        }
        return clusters;
    }

  private:
    [[nodiscard]] std::uint32_t next(std::uint32_t cluster) const {
        Bytes entry(4);
        region_.read(entry, table_ + std::uint64_t{cluster} * 4);
        return load<le32>(entry) & 0x0fffffffU;
    }

    const Region& region_;
    std::uint64_t sector_ = 0;
    std::uint64_t cluster_ = 0;
    std::uint64_t table_ = 0;
    std::uint64_t first_cluster_ = 0;
    std::uint32_t root_ = 0;
};

char printable_ascii(unsigned unit) {
    return unit >= 0x20 && unit < 0x7f ? static_cast<char>(unit) : '?';
}

/// The 13 UTF-16 units of a piece, up to the terminating zero.
std::string text_of_piece(ByteView record) {
    std::string text;
    for (const unsigned at : {1U, 3U, 5U, 7U, 9U, 14U, 16U, 18U, 20U, 22U, 24U, 28U, 30U}) {
        const unsigned unit = load<le16>(record.subspan(at));
        if (unit == 0)
            break;
        text += printable_ascii(unit);
    }
    return text;
}

std::string text_of_short_name(const ShortRecord& record) {
    std::string text;
    for (std::size_t i = 0; i < record.name.size(); ++i) {
        if (i == 8)
            text += '.';
        if (record.name[i] != ' ')
            text += printable_ascii(record.name[i]);
    }
    return text.ends_with('.') ? text.substr(0, text.size() - 1) : text;
}

/// What binds the pieces of a long name to their short record.
std::uint8_t checksum_of(const ShortRecord& record) {
    unsigned sum = 0;
    for (const std::uint8_t byte : record.name)
        sum = (((sum & 1U) << 7) + (sum >> 1) + byte) & 0xffU;
    return static_cast<std::uint8_t>(sum);
}

/// Collects the records of a directory in order; a long name counts only when all its pieces are
/// there and belong to the short record behind them.
class Names {
  public:
    /// False at the end of the directory.
    bool add(ByteView record, std::uint64_t place) {
        if (record[0] == end_of_directory)
            return false;
        const auto entry = load<ShortRecord>(record);
        if (record[0] == removed)
            forget_pieces();
        else if (entry.attributes == long_name)
            add_piece(record, place);
        else if ((entry.attributes & attribute_label) != 0)
            forget_pieces();
        else
            add_name(entry, place);
        return true;
    }

    std::vector<FatName> names;

  private:
    void forget_pieces() {
        pieces_.clear();
        text_.clear();
        missing_ = 0;
    }

    void add_piece(ByteView record, std::uint64_t place) {
        const unsigned number = record[0] & 0x1fU;
        if ((record[0] & last_piece) != 0) {
            forget_pieces();
            missing_ = number;
            checksum_ = record[13];
        }
        if (number == 0 || number != missing_ || record[13] != checksum_) {
            forget_pieces();
            return;
        }
        --missing_;
        text_ = text_of_piece(record) + text_;
        pieces_.push_back(place);
    }

    void add_name(const ShortRecord& entry, std::uint64_t place) {
        FatName name;
        name.name = text_of_short_name(entry);
        if (!pieces_.empty() && missing_ == 0 && checksum_ == checksum_of(entry)) {
            name.name = text_;
            name.records = pieces_;
        }
        name.records.push_back(place);
        name.directory = (entry.attributes & attribute_directory) != 0;
        name.first_cluster = std::uint32_t{entry.cluster_high} << 16 | entry.cluster_low;
        names.push_back(std::move(name));
        forget_pieces();
    }

    std::vector<std::uint64_t> pieces_;
    std::string text_;
    unsigned missing_ = 0;
    std::uint8_t checksum_ = 0;
};

std::vector<FatName> names_at(const Region& region, const Volume& volume, std::uint32_t cluster) {
    Names found;
    Bytes content(static_cast<std::size_t>(volume.cluster_size()));
    for (const std::uint32_t part : volume.chain(cluster)) {
        region.read(content, volume.place_of(part));
        for (std::uint64_t at = 0; at < content.size(); at += record_size)
            if (!found.add(ByteView(content).subspan(at, record_size), volume.place_of(part) + at))
                return std::move(found.names);
    }
    return std::move(found.names);
}

bool same_name(std::string_view left, std::string_view right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](char a, char b) {
        return std::tolower(static_cast<unsigned char>(a)) ==
               std::tolower(static_cast<unsigned char>(b));
    });
}

} // namespace

std::vector<FatName> read_fat_directory(const Region& volume, std::string_view path) {
    const Volume fat(volume);
    std::vector<FatName> names = names_at(volume, fat, fat.root());
    for (std::string_view rest = path; !rest.empty();) {
        const std::string_view part = rest.substr(0, rest.find('/'));
        rest.remove_prefix(std::min(part.size() + 1, rest.size()));
        const auto found = std::find_if(names.begin(), names.end(), [&](const FatName& name) {
            return name.directory && same_name(name.name, part);
        });
        if (found == names.end())
            throw Error("cannot find directory '" + std::string(path) + "' in '" + volume.name() +
                        "'");
        names = names_at(volume, fat, found->first_cluster);
    }
    return names;
}

void remove_fat_name(const Region& volume, const FatName& name) {
    // The short record is the name; pieces of a long name without one are nothing.
    for (auto record = name.records.rbegin(); record != name.records.rend(); ++record) {
        volume.write(ByteView(&removed, 1), *record);
        volume.sync();
    }
}

} // namespace quoin
