// SPDX-License-Identifier: Apache-2.0
// Writing a partition table that is in use. Never more than one copy is in a torn state: an array
// and the header with its CRC are two writes, and between them the other copy must be whole.
#include "disk/gpt.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "disk/crc32.hpp"
#include "disk/gpt_copy.hpp"

#include <algorithm>
#include <cstddef>

namespace quoin {
namespace {

/// Makes header, CRCs and sector of `copy` fit each other.
void seal(GptCopy& copy) {
    copy.header.array_crc = crc32(copy.array);
    copy.header.header_crc = header_crc(copy.header_sector, copy.header);
    const ByteView content = view_of(copy.header);
    std::copy(content.begin(), content.end(), copy.header_sector.begin());
}

void write_header(FdRef fd, const std::string& name, const GptCopy& copy, unsigned sector_size) {
    pwrite_all(fd, copy.header_sector, copy.header.my_lba * sector_size, name);
    sync_data(fd, name);
}

/// Array, then header, each synced: until the header is there this copy does not count.
void write_copy(FdRef fd, const std::string& name, const GptCopy& copy, unsigned sector_size) {
    pwrite_all(fd, copy.array, copy.header.entries_lba * sector_size, name);
    sync_data(fd, name);
    write_header(fd, name, copy, sector_size);
}

/// The backup that belongs to an intact primary. Its array ends where the header begins.
GptCopy backup_of(const GptCopy& primary, unsigned sector_size, const std::string& name) {
    GptCopy backup = primary;
    const std::uint64_t lba = primary.header.alternate_lba;
    const std::uint64_t array = array_sectors(primary.header, sector_size);
    if (array >= lba - primary.header.last_usable_lba)
        throw refused("cannot repair the backup partition table of '" + name + "': no room for it");
    backup.header.my_lba = lba;
    backup.header.alternate_lba = primary_header_lba;
    backup.header.entries_lba = lba - array;
    seal(backup);
    return backup;
}

/// The primary that belongs to an intact backup. Its array follows the header.
GptCopy primary_of(const GptCopy& backup, unsigned sector_size, const std::string& name) {
    GptCopy primary = backup;
    primary.header.my_lba = primary_header_lba;
    primary.header.alternate_lba = backup.header.my_lba;
    primary.header.entries_lba = primary_header_lba + 1;
    if (array_sectors(backup.header, sector_size) + primary.header.entries_lba >
        backup.header.first_usable_lba)
        throw refused("cannot repair the primary partition table of '" + name +
                      "': no room for it");
    seal(primary);
    return primary;
}

/// Makes both copies whole and equal; false when they were.
bool heal(FdRef fd, const std::string& name, GptCopies& copies) {
    if (copies.agree())
        return false;
    if (copies.primary) {
        copies.backup = backup_of(*copies.primary, copies.sector_size, name);
        write_copy(fd, name, *copies.backup, copies.sector_size);
    } else {
        copies.primary = primary_of(*copies.backup, copies.sector_size, name);
        write_copy(fd, name, *copies.primary, copies.sector_size);
    }
    return true;
}

/// Moves the backup of a disk that has grown to the last sector: firmware looks for it there alone,
/// and would find nothing to start while the primary is torn. The backup in the old place counts
/// until the one sector that is the primary's header says otherwise.
void settle_backup(FdRef fd, const std::string& name, GptCopies& copies) {
    GptCopy& primary = *copies.primary;
    const std::uint64_t last = copies.sectors - 1;
    if (primary.header.alternate_lba == last)
        return;
    primary.header.alternate_lba = last;
    primary.header.last_usable_lba = last - array_sectors(primary.header, copies.sector_size) - 1;
    seal(primary);
    copies.backup = backup_of(primary, copies.sector_size, name);
    write_copy(fd, name, *copies.backup, copies.sector_size);
    write_header(fd, name, primary, copies.sector_size);
}

void check(const PartitionChange& change, const GptCopy& copy, const std::string& name) {
    const auto fail = [&](const std::string& cause) {
        return refused("cannot change partition " + std::to_string(change.number) + " of '" + name +
                       "': " + cause);
    };
    if (change.number == 0 || change.number > copy.header.entry_count)
        throw fail("there is no such entry");
    const std::size_t offset = std::size_t{change.number - 1} * copy.header.entry_size;
    if (all_zero(load<GptEntry>(ByteView(copy.array).subspan(offset)).type))
        throw fail("the entry is not in use");
    if (!std::all_of(change.label.begin(), change.label.end(),
                     [](char c) { return c >= ' ' && c <= '~'; }))
        throw fail("its label is not printable ASCII");
    if (change.label.size() > max_label_units)
        throw fail("label '" + change.label + "' is longer than " +
                   std::to_string(max_label_units) + " characters");
}

void apply(const PartitionChange& change, GptCopy& copy) {
    const std::size_t offset = std::size_t{change.number - 1} * copy.header.entry_size;
    const auto entry = copy.array.begin() + static_cast<std::ptrdiff_t>(offset);

    const auto uuid = change.uuid.mixed_endian();
    std::copy(uuid.begin(), uuid.end(), entry + offsetof(GptEntry, uuid));
    auto unit = entry + offsetof(GptEntry, label);
    std::fill_n(unit, sizeof(GptEntry::label), std::uint8_t{0});
    for (const char c : change.label) {
        *unit = static_cast<std::uint8_t>(c);
        unit += 2;
    }
}

} // namespace

bool heal_gpt(FdRef fd, const std::string& name) {
    GptCopies copies = read_gpt_copies(fd, name);
    const bool damaged = heal(fd, name, copies);
    settle_backup(fd, name, copies);
    return damaged;
}

void change_partitions(FdRef fd, const std::string& name,
                       const std::vector<PartitionChange>& changes) {
    GptCopies copies = read_gpt_copies(fd, name);
    for (const PartitionChange& change : changes)
        check(change, copies.best(), name);
    heal(fd, name, copies);
    settle_backup(fd, name, copies);

    for (GptCopy* copy : {&*copies.backup, &*copies.primary}) {
        for (const PartitionChange& change : changes)
            apply(change, *copy);
        seal(*copy);
    }
    write_copy(fd, name, *copies.backup, copies.sector_size);
    write_copy(fd, name, *copies.primary, copies.sector_size);
}

std::size_t utf16_length(std::string_view text) {
    // How many bytes follow a leading byte; 0 for ASCII and for what cannot lead.
    const auto followers = [](std::uint8_t byte) -> std::size_t {
        if (byte < 0xc0 || byte >= 0xf8)
            return 0;
        return byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    };
    std::size_t units = 0;
    while (!text.empty()) {
        std::size_t length = 1 + followers(static_cast<std::uint8_t>(text.front()));
        const std::string_view tail = text.substr(1, length - 1);
        const bool whole =
            tail.size() == length - 1 && std::all_of(tail.begin(), tail.end(), [](char c) {
                return (static_cast<std::uint8_t>(c) & 0xc0U) == 0x80;
            });
        if (!whole)
            length = 1;
        units += length == 4 ? 2 : 1;
        text.remove_prefix(length);
    }
    return units;
}

} // namespace quoin
