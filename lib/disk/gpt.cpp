// SPDX-License-Identifier: Apache-2.0
// Reading a partition table. A copy counts as intact only when both its CRCs hold and its geometry
// is possible on this disk: a table is followed to the byte ranges that we overwrite.
#include "disk/gpt.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "disk/crc32.hpp"
#include "disk/gpt_copy.hpp"
#include "disk/utf16.hpp"

#include <algorithm>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

namespace quoin {
namespace {

constexpr std::array<char, 8> gpt_signature = {'E', 'F', 'I', ' ', 'P', 'A', 'R', 'T'};
constexpr std::uint32_t gpt_revision = 0x00010000;
constexpr std::uint32_t max_entries = 1024;
constexpr std::uint32_t max_entry_size = 4096;

struct Disk {
    FdRef fd;
    const std::string& name;
    unsigned sector_size;
    std::uint64_t sectors;
};

bool is_used(const GptEntry& entry) {
    return !all_zero(entry.type);
}

GptEntry entry_at(const GptCopy& copy, std::uint32_t index) {
    return load<GptEntry>(
        ByteView(copy.array).subspan(std::size_t{index} * copy.header.entry_size));
}

/// Everything about a header that can be said without its array.
bool is_intact(const GptHeader& header, ByteView sector, std::uint64_t lba, const Disk& disk) {
    if (header.signature != gpt_signature || header.revision != gpt_revision ||
        header.header_size < sizeof(GptHeader) || header.header_size > sector.size() ||
        header.header_crc != header_crc(sector, header) || header.my_lba != lba)
        return false;
    const std::uint32_t entry_size = header.entry_size;
    if (entry_size < sizeof(GptEntry) || entry_size > max_entry_size ||
        !std::has_single_bit(entry_size) || header.entry_count == 0 ||
        header.entry_count > max_entries)
        return false;
    if (header.first_usable_lba > header.last_usable_lba || header.last_usable_lba >= disk.sectors)
        return false;

    // Header and array lie before the usable sectors, or behind them.
    const std::uint64_t array_size = array_sectors(header, disk.sector_size);
    if (lba == primary_header_lba)
        return header.alternate_lba > header.last_usable_lba &&
               header.alternate_lba < disk.sectors && header.entries_lba > primary_header_lba &&
               header.entries_lba < header.first_usable_lba &&
               array_size <= header.first_usable_lba - header.entries_lba;
    return header.alternate_lba == primary_header_lba &&
           header.entries_lba > header.last_usable_lba && header.entries_lba < lba &&
           array_size <= lba - header.entries_lba;
}

/// Used entries lie within the usable sectors and do not overlap.
bool entries_are_sane(const GptCopy& copy) {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
    for (std::uint32_t i = 0; i < copy.header.entry_count; ++i) {
        const GptEntry entry = entry_at(copy, i);
        if (!is_used(entry))
            continue;
        if (entry.first_lba < copy.header.first_usable_lba || entry.first_lba > entry.last_lba ||
            entry.last_lba > copy.header.last_usable_lba)
            return false;
        ranges.emplace_back(entry.first_lba, entry.last_lba);
    }
    std::sort(ranges.begin(), ranges.end());
    return std::adjacent_find(ranges.begin(), ranges.end(),
                              [](const auto& left, const auto& right) {
                                  return right.first <= left.second;
                              }) == ranges.end();
}

/// A header whose own CRC holds; its array may still be torn.
std::optional<GptCopy> read_header(const Disk& disk, std::uint64_t lba) {
    if (lba >= disk.sectors)
        return std::nullopt;
    GptCopy copy;
    copy.header_sector.resize(disk.sector_size);
    pread_exact(disk.fd, copy.header_sector, lba * disk.sector_size, disk.name);
    copy.header = load<GptHeader>(copy.header_sector);
    if (!is_intact(copy.header, copy.header_sector, lba, disk))
        return std::nullopt;
    return copy;
}

/// Adds the array; nothing when that is torn or says something impossible.
std::optional<GptCopy> with_array(const Disk& disk, std::optional<GptCopy> copy) {
    if (!copy)
        return std::nullopt;
    copy->array.resize(std::size_t{copy->header.entry_count} * copy->header.entry_size);
    pread_exact(disk.fd, copy->array, copy->header.entries_lba * disk.sector_size, disk.name);
    if (crc32(copy->array) != copy->header.array_crc || !entries_are_sane(*copy))
        return std::nullopt;
    return copy;
}

GptCopies read_copies(const Disk& disk) {
    GptCopies copies;
    copies.sector_size = disk.sector_size;
    copies.sectors = disk.sectors;
    if (disk.sectors <= primary_header_lba)
        return copies;
    const auto primary_header = read_header(disk, primary_header_lba);
    copies.primary = with_array(disk, primary_header);
    // A disk that has grown keeps its backup where the old end was; a primary header says where,
    // also when its array was torn.
    if (primary_header)
        copies.backup = with_array(disk, read_header(disk, primary_header->header.alternate_lba));
    if (!copies.primary && !copies.backup)
        copies.backup = with_array(disk, read_header(disk, disk.sectors - 1));
    return copies;
}

std::vector<unsigned> possible_sector_sizes(FdRef fd, const std::string& name) {
    struct stat status {};
    if (fstat(fd.get(), &status) != 0)
        throw system_error("cannot read partition table of '" + name + "'");
    if (!S_ISBLK(status.st_mode))
        return {512, 4096};
    int size = 0;
    if (ioctl(fd.get(), BLKSSZGET, &size) != 0)
        throw system_error("cannot read sector size of '" + name + "'");
    return {static_cast<unsigned>(size)};
}

Uuid known_uuid(std::string_view text) {
    return Uuid::parse(text).value();
}

} // namespace

bool GptCopies::agree() const {
    return primary && backup && primary->array == backup->array &&
           primary->header.disk_uuid == backup->header.disk_uuid &&
           primary->header.entry_size == backup->header.entry_size &&
           primary->header.first_usable_lba == backup->header.first_usable_lba &&
           primary->header.last_usable_lba == backup->header.last_usable_lba;
}

GptCopies read_gpt_copies(FdRef fd, const std::string& name) {
    const std::uint64_t size = size_of(fd, name);
    for (const unsigned sector_size : possible_sector_sizes(fd, name)) {
        GptCopies copies = read_copies({fd, name, sector_size, size / sector_size});
        if (copies.primary || copies.backup)
            return copies;
    }
    throw refused("cannot read partition table of '" + name +
                  "': there is none, or both copies are damaged");
}

std::uint64_t array_sectors(const GptHeader& header, unsigned sector_size) {
    return round_up(std::uint64_t{header.entry_count} * header.entry_size, sector_size) /
           sector_size;
}

std::uint32_t header_crc(ByteView header_sector, GptHeader header) {
    const std::uint64_t size = header.header_size;
    header.header_crc = 0;
    return crc32(header_sector.first(size).subspan(sizeof(GptHeader)), crc32(view_of(header)));
}

GptTable read_gpt(FdRef fd, const std::string& name) {
    const GptCopies copies = read_gpt_copies(fd, name);
    const GptCopy& copy = copies.best();
    GptTable table;
    table.disk_uuid = Uuid::from_mixed_endian(copy.header.disk_uuid);
    table.sector_size = copies.sector_size;
    table.health = {copies.primary.has_value(), copies.backup.has_value(), copies.agree()};
    for (std::uint32_t i = 0; i < copy.header.entry_count; ++i) {
        const GptEntry entry = entry_at(copy, i);
        if (!is_used(entry))
            continue;
        Partition partition;
        partition.number = i + 1;
        partition.type = Uuid::from_mixed_endian(entry.type);
        partition.uuid = Uuid::from_mixed_endian(entry.uuid);
        partition.label = utf8_from_utf16le(entry.label);
        partition.attributes = entry.attributes;
        partition.start = entry.first_lba * copies.sector_size;
        partition.size = (entry.last_lba - entry.first_lba + 1) * copies.sector_size;
        table.partitions.push_back(std::move(partition));
    }
    return table;
}

PartitionTypes partition_types(std::string_view architecture) {
    if (architecture == "x86-64")
        return {known_uuid("4f68bce3-e8cd-4db1-96e7-fbcaf984b709"),
                known_uuid("2c7357ed-ebd2-46d9-aec1-23d437ec2bf5")};
    if (architecture == "arm64")
        return {known_uuid("b921b045-1df0-41c3-af44-4c6f280d3fae"),
                known_uuid("df3300ce-d69f-4c92-978c-9bfb0f38d820")};
    throw refused("no partition types are known for architecture '" + std::string(architecture) +
                  "'");
}

const Uuid& esp_type() {
    static const Uuid type = known_uuid("c12a7328-f81f-11d2-ba4b-00a0c93ec93b");
    return type;
}

const Uuid& linux_generic_type() {
    static const Uuid type = known_uuid("0fc63daf-8483-4772-8e79-3d69d8477de4");
    return type;
}

} // namespace quoin
