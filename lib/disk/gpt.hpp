// SPDX-License-Identifier: Apache-2.0
// GUID partition tables (UEFI 2.10, chapter 5): read strictly and repaired by ourselves, since
// Linux and sfdisk both overlook damage; made on the host with libfdisk (disk/gpt_create.hpp). Uses
// no library, so early userspace shares the reading half (gpt.cpp); gpt_change.cpp writes.
#pragma once

#include "base/bytes.hpp"
#include "base/fd.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quoin {

/// Type UUIDs of the Discoverable Partitions Specification, by architecture "x86-64" or "arm64"
/// (Error(refused) for any other).
struct PartitionTypes {
    Uuid root;
    Uuid root_verity;
};
[[nodiscard]] PartitionTypes partition_types(std::string_view architecture);
[[nodiscard]] const Uuid& esp_type();
[[nodiscard]] const Uuid& linux_generic_type();

inline constexpr std::uint64_t gpt_read_only = 1ULL << 60;
inline constexpr std::uint64_t gpt_grow_file_system = 1ULL << 59;
inline constexpr std::uint64_t gpt_no_auto = 1ULL << 63;

/// One used entry. Sizes and offsets in bytes.
struct Partition {
    unsigned number = 0; ///< from 1, the place in the array
    Uuid type;
    Uuid uuid;
    std::string label; ///< UTF-8 of at most 36 UTF-16 units; what is not UTF-16 reads as U+FFFD
    std::uint64_t attributes = 0;
    std::uint64_t start = 0;
    std::uint64_t size = 0;
};

/// Which of the two copies are intact (signature, header CRC, array CRC, sane geometry).
struct GptHealth {
    bool primary = false;
    bool backup = false;
    bool agree = false; ///< both, and with the same content
};

struct GptTable {
    Uuid disk_uuid;
    unsigned sector_size = 512;
    std::vector<Partition> partitions;
    GptHealth health;
};

/// Reads the primary copy, or the backup when the primary is damaged. The backup is looked for
/// where the primary header says, else in the last sector. Tries 512 and 4096 as sector size unless
/// `fd` is a block device. Throws Error(refused) when neither copy is intact.
[[nodiscard]] GptTable read_gpt(FdRef fd, const std::string& name);

/// Rewrites the damaged copy from the intact one, each write synced; false when none was damaged.
/// Where both are intact but disagree the primary wins. Until the other one is written, the intact
/// copy is not touched. On a disk that has grown the backup then moves to the last sector.
bool heal_gpt(FdRef fd, const std::string& name);

/// New names and UUIDs for entries, nothing else: what arming and emptying a slot need.
struct PartitionChange {
    unsigned number = 0;
    std::string label;
    Uuid uuid;
};

/// Changes both copies so that one valid copy exists at every instant: backup array, backup header,
/// primary array, primary header, each synced. Heals first. Throws Error(refused) before the first
/// write when a label is not ASCII or longer than 36 characters, or a number names no used entry.
/// The kernel is not told: names and UUIDs that it shows are those of the last scan.
void change_partitions(FdRef fd, const std::string& name,
                       const std::vector<PartitionChange>& changes);

inline constexpr std::size_t max_label_units = 36;

/// UTF-16 units that a UTF-8 label takes; each byte that is not UTF-8 counts as one.
[[nodiscard]] std::size_t utf16_length(std::string_view text);

} // namespace quoin
