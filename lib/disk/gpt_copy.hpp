// SPDX-License-Identifier: Apache-2.0
// The two copies of a GUID partition table as they lie on the disk: what gpt.cpp reads and
// gpt_change.cpp writes. Not for other rooms.
#pragma once

#include "base/bytes.hpp"
#include "base/fd.hpp"

#include <optional>
#include <string>

namespace quoin {

/// UEFI 2.10, table 5-5. The rest of its sector is zero.
struct GptHeader {
    std::array<char, 8> signature;
    le32 revision;
    le32 header_size;
    le32 header_crc;
    le32 reserved;
    le64 my_lba;
    le64 alternate_lba;
    le64 first_usable_lba;
    le64 last_usable_lba;
    std::array<std::uint8_t, 16> disk_uuid;
    le64 entries_lba;
    le32 entry_count;
    le32 entry_size;
    le32 array_crc;
};
static_assert(sizeof(GptHeader) == 92);

/// UEFI 2.10, table 5-6. An entry whose type is zero is unused.
struct GptEntry {
    std::array<std::uint8_t, 16> type;
    std::array<std::uint8_t, 16> uuid;
    le64 first_lba;
    le64 last_lba;
    le64 attributes;
    std::array<std::uint8_t, 72> label;
};
static_assert(sizeof(GptEntry) == 128);

inline constexpr std::uint64_t primary_header_lba = 1;

/// One intact copy: both CRCs hold and every entry lies where it may.
struct GptCopy {
    GptHeader header{};
    Bytes header_sector; ///< the whole sector, so that bytes behind the header are kept
    Bytes array;         ///< entry_count entries of entry_size bytes
};

/// What was found of the table. At least one copy is intact.
struct GptCopies {
    unsigned sector_size = 512;
    std::uint64_t sectors = 0; ///< of the disk
    std::optional<GptCopy> primary;
    std::optional<GptCopy> backup;

    [[nodiscard]] const GptCopy& best() const { return primary ? *primary : *backup; }
    /// Both are intact and describe the same partitions.
    [[nodiscard]] bool agree() const;
};

/// Throws Error(refused) when neither copy is intact.
[[nodiscard]] GptCopies read_gpt_copies(FdRef fd, const std::string& name);

/// Sectors that an array takes.
[[nodiscard]] std::uint64_t array_sectors(const GptHeader& header, unsigned sector_size);

/// The CRC that `header` should carry: over header_size bytes, the CRC field itself zero. What
/// comes behind the struct is taken from the sector; header_size is at least the struct's and at
/// most the sector's.
[[nodiscard]] std::uint32_t header_crc(ByteView header_sector, GptHeader header);

} // namespace quoin
