// SPDX-License-Identifier: Apache-2.0
// The headers of a PE32+ image (Microsoft's PE format, revision 11), as much as UKIs need. Not for
// other rooms: disk/uki.hpp is the door.
#pragma once

#include "base/bytes.hpp"

#include <string_view>
#include <vector>

namespace quoin {

struct PeFileHeader {
    le16 machine;
    le16 section_count;
    le32 timestamp;
    le32 symbol_table_offset;
    le32 symbol_count;
    le16 optional_header_size;
    le16 characteristics;
};
static_assert(sizeof(PeFileHeader) == 20);

struct PeDataDirectory {
    le32 address;
    le32 size;
};

struct PeOptionalHeader {
    le16 magic;
    le16 linker_version;
    le32 code_size;
    le32 initialized_data_size;
    le32 uninitialized_data_size;
    le32 entry_point;
    le32 code_base;
    le64 image_base;
    le32 section_alignment;
    le32 file_alignment;
    std::array<le16, 6> versions;
    le32 reserved;
    le32 image_size;
    le32 headers_size;
    le32 checksum;
    le16 subsystem;
    le16 dll_characteristics;
    std::array<le64, 4> stack_and_heap;
    le32 loader_flags;
    le32 directory_count;
};
static_assert(sizeof(PeOptionalHeader) == 112);

struct PeSectionHeader {
    std::array<char, 8> name; ///< padded with zeros
    le32 virtual_size;
    le32 virtual_address;
    le32 raw_size;
    le32 raw_offset;
    le32 relocations_offset;
    le32 line_numbers_offset;
    le16 relocation_count;
    le16 line_number_count;
    le32 characteristics;

    [[nodiscard]] std::string_view text() const;
};
static_assert(sizeof(PeSectionHeader) == 40);

/// All headers of an image, and where they lie in the file.
struct PeImage {
    std::uint64_t file_header_offset = 0;
    std::uint64_t optional_header_offset = 0;
    std::uint64_t section_table_offset = 0;
    PeFileHeader file_header{};
    PeOptionalHeader optional_header{};
    PeDataDirectory certificates{}; ///< of Secure Boot signatures; zero when there are none
    std::vector<PeSectionHeader> sections;

    [[nodiscard]] std::uint64_t section_table_end() const {
        return section_table_offset + sections.size() * sizeof(PeSectionHeader);
    }
};

/// Throws Error(refused) unless `file` is a PE32+ image whose headers, and the file range of every
/// section, lie inside it.
[[nodiscard]] PeImage parse_pe(ByteView file);

} // namespace quoin
