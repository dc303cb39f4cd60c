// SPDX-License-Identifier: Apache-2.0
#include "disk/fat.hpp"

#include "base/error.hpp"
#include "disk/fat_clusters.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace quoin {

namespace {

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

std::vector<FatName> names_at(const Region& region, const FatClusters& volume,
                              std::uint32_t cluster) {
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
    const FatClusters fat(volume);
    return names_at(volume, fat, find_fat_directory(volume, path));
}

std::uint32_t find_fat_directory(const Region& volume, std::string_view path) {
    const FatClusters fat(volume);
    std::uint32_t cluster = fat.root();
    for (std::string_view rest = path; !rest.empty();) {
        const std::string_view part = rest.substr(0, rest.find('/'));
        rest.remove_prefix(std::min(part.size() + 1, rest.size()));
        const std::vector<FatName> names = names_at(volume, fat, cluster);
        const auto found = std::find_if(names.begin(), names.end(), [&](const FatName& name) {
            return name.directory && same_name(name.name, part);
        });
        if (found == names.end())
            throw Error("cannot find directory '" + std::string(path) + "' in '" + volume.name() +
                        "'");
        cluster = found->first_cluster;
    }
    return cluster;
}

void remove_fat_name(const Region& volume, const FatName& name) {
    // The short record is the name; pieces of a long name without one are nothing.
    for (auto record = name.records.rbegin(); record != name.records.rend(); ++record) {
        volume.write(ByteView(&removed, 1), *record);
        volume.sync();
    }
}

void settle_fat_length(const Region& volume, const FatName& file) {
    const FatClusters fat(volume);
    const std::uint64_t place = file.records.back();
    Bytes content(record_size);
    volume.read(content, place);
    auto record = load<ShortRecord>(content);
    const std::uint64_t length = fat.settle_chain(file.first_cluster) * fat.cluster_size();
    if (length > UINT32_MAX)
        throw refused("cannot mend a file in '" + volume.name() + "': it is too long");
    const bool leads_nowhere = length == 0 && file.first_cluster != 0;
    if (length == round_up(record.size, fat.cluster_size()) && !leads_nowhere)
        return;
    record.size = static_cast<std::uint32_t>(length);
    if (length == 0)
        record.cluster_high = record.cluster_low = 0;
    volume.write(view_of(record), place);
    volume.sync();
}

} // namespace quoin
