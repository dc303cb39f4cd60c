// SPDX-License-Identifier: Apache-2.0
#include "disk/pe_image.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <string>

namespace quoin {
namespace {

constexpr std::uint64_t pe_offset_place = 0x3c; // in the DOS header
constexpr std::string_view dos_magic = "MZ";
constexpr std::string_view pe_magic{"PE\0\0", 4};
constexpr std::uint16_t pe32_plus = 0x20b;
constexpr std::uint32_t certificate_directory = 4;
constexpr std::uint16_t max_sections = 96; // what loaders accept

/// Copies a header out of a file of unknown length.
template <typename T>
T load_at(ByteView file, std::uint64_t offset) {
    if (offset > file.size() || sizeof(T) > file.size() - offset)
        throw refused("damaged PE image: its headers end early");
    return load<T>(file.subspan(offset));
}

bool has_at(ByteView file, std::uint64_t offset, std::string_view magic) {
    return offset <= file.size() && text_of(file.subspan(offset)).starts_with(magic);
}

} // namespace

std::string_view PeSectionHeader::text() const {
    const auto end = std::find(name.begin(), name.end(), '\0');
    return {name.data(), static_cast<std::size_t>(end - name.begin())};
}

PeImage parse_pe(ByteView file) {
    if (!has_at(file, 0, dos_magic))
        throw refused("this is not a PE image: wrong magic");
    const std::uint64_t pe_offset = load_at<le32>(file, pe_offset_place);
    if (!has_at(file, pe_offset, pe_magic))
        throw refused("this is not a PE image: no PE header");

    PeImage image;
    image.file_header_offset = pe_offset + pe_magic.size();
    image.file_header = load_at<PeFileHeader>(file, image.file_header_offset);
    image.optional_header_offset = image.file_header_offset + sizeof(PeFileHeader);
    image.optional_header = load_at<PeOptionalHeader>(file, image.optional_header_offset);
    image.section_table_offset =
        image.optional_header_offset + image.file_header.optional_header_size;

    const std::uint64_t directories = image.optional_header.directory_count;
    if (image.optional_header.magic != pe32_plus ||
        image.file_header.optional_header_size <
            sizeof(PeOptionalHeader) + directories * sizeof(PeDataDirectory))
        throw refused("cannot read PE image: its optional header is not that of PE32+");
    if (directories > certificate_directory)
        image.certificates =
            load_at<PeDataDirectory>(file, image.optional_header_offset + sizeof(PeOptionalHeader) +
                                               certificate_directory * sizeof(PeDataDirectory));

    if (image.file_header.section_count > max_sections)
        throw refused("damaged PE image: more than " + std::to_string(max_sections) + " sections");
    for (std::uint64_t i = 0; i < image.file_header.section_count; ++i) {
        const auto section = load_at<PeSectionHeader>(file, image.section_table_offset +
                                                                i * sizeof(PeSectionHeader));
        if (std::uint64_t{section.raw_offset} + section.raw_size > file.size())
            throw refused("damaged PE image: section " + std::to_string(i + 1) +
                          " reaches behind the end of the file");
        image.sections.push_back(section);
    }
    return image;
}

} // namespace quoin
