// SPDX-License-Identifier: Apache-2.0
// Appending sections to systemd's stub. What objcopy and ukify do, without their dependencies:
// headers into the room behind the section table, content behind the last section.
#include "disk/uki.hpp"

#include "base/error.hpp"
#include "disk/pe_image.hpp"

#include <algorithm>
#include <limits>

namespace quoin {
namespace {

constexpr std::uint32_t page_size = 4096;
constexpr std::uint32_t code_characteristics = 0x60000020; // code, executable, readable
constexpr std::uint32_t data_characteristics = 0x40000040; // initialized data, readable

/// PE fields are 32 bits wide.
le32 narrow(std::uint64_t value) {
    if (value > std::numeric_limits<std::uint32_t>::max())
        throw refused("cannot assemble UKI: it would be larger than 4 GiB");
    return static_cast<std::uint32_t>(value);
}

bool is_alignment(std::uint32_t value) {
    return value >= 512 && value <= 65536 && std::has_single_bit(value);
}

/// A stub as systemd builds them; anything else is not worth guessing about.
PeImage parse_stub(ByteView stub) {
    PeImage image = parse_pe(stub);
    if (image.certificates.size != 0)
        throw refused("cannot assemble UKI: the stub is signed already");
    if (!is_alignment(image.optional_header.file_alignment) ||
        !is_alignment(image.optional_header.section_alignment))
        throw refused("cannot assemble UKI: the stub's alignment is not that of a PE image");
    if (image.optional_header.headers_size > stub.size())
        throw refused("cannot assemble UKI: the stub ends early");
    return image;
}

void check_room(const PeImage& stub, std::size_t added) {
    std::uint64_t limit = stub.optional_header.headers_size;
    for (const PeSectionHeader& section : stub.sections)
        if (section.raw_size != 0)
            limit = std::min<std::uint64_t>(limit, section.raw_offset);
    if (stub.section_table_end() + added * sizeof(PeSectionHeader) > limit)
        throw refused("cannot assemble UKI: the stub has no room for " + std::to_string(added) +
                      " more section headers");
}

void check_section(const UkiSection& section, const PeImage& image) {
    if (section.name.empty() || section.name.size() > sizeof(PeSectionHeader::name))
        throw refused("cannot assemble UKI: section name '" + section.name +
                      "' is not 1 to 8 characters long");
    if (section.content.empty())
        throw refused("cannot assemble UKI: section '" + section.name + "' is empty");
    if (std::any_of(image.sections.begin(), image.sections.end(),
                    [&](const PeSectionHeader& other) { return other.text() == section.name; }))
        throw refused("cannot assemble UKI: two sections are named '" + section.name + "'");
}

/// Where the sections end, in the file and in memory.
struct Ends {
    std::uint64_t file = 0;
    std::uint64_t memory = 0;
};

Ends ends_of(const PeImage& image) {
    Ends ends{image.optional_header.headers_size, image.optional_header.headers_size};
    for (const PeSectionHeader& section : image.sections) {
        ends.file = std::max<std::uint64_t>(ends.file,
                                            std::uint64_t{section.raw_offset} + section.raw_size);
        ends.memory = std::max<std::uint64_t>(
            ends.memory, std::uint64_t{section.virtual_address} +
                             std::max<std::uint32_t>(section.virtual_size, section.raw_size));
    }
    return ends;
}

/// Adds the header of `section`, at the first suitable place behind all others.
PeSectionHeader place_section(const UkiSection& section, PeImage& image) {
    PeOptionalHeader& optional = image.optional_header;
    const Ends ends = ends_of(image);
    const bool is_code = section.name == ".linux";

    PeSectionHeader header{};
    std::copy(section.name.begin(), section.name.end(), header.name.begin());
    header.virtual_size = narrow(section.content.size());
    header.virtual_address = narrow(
        round_up(ends.memory, std::max<std::uint32_t>(page_size, optional.section_alignment)));
    header.raw_size = narrow(round_up(section.content.size(), optional.file_alignment));
    header.raw_offset = narrow(round_up(ends.file, optional.file_alignment));
    header.characteristics = is_code ? code_characteristics : data_characteristics;

    le32& total = is_code ? optional.code_size : optional.initialized_data_size;
    total = narrow(std::uint64_t{total} + header.raw_size);
    image.sections.push_back(header);
    return header;
}

template <typename T>
void store(Bytes& out, std::uint64_t offset, const T& object) {
    const ByteView content = view_of(object);
    std::copy(content.begin(), content.end(), out.begin() + static_cast<std::ptrdiff_t>(offset));
}

} // namespace

Bytes assemble_uki(ByteView stub, const std::vector<UkiSection>& sections) {
    PeImage image = parse_stub(stub);
    check_room(image, sections.size());

    // What lies behind the last section is a symbol table: unsigned bytes that nothing reads.
    const std::uint64_t stub_end = std::min<std::uint64_t>(ends_of(image).file, stub.size());
    Bytes out(stub.begin(), stub.begin() + static_cast<std::ptrdiff_t>(stub_end));
    for (const UkiSection& section : sections) {
        check_section(section, image);
        const PeSectionHeader header = place_section(section, image);
        out.resize(header.raw_offset);
        out.insert(out.end(), section.content.begin(), section.content.end());
        out.resize(std::uint64_t{header.raw_offset} + header.raw_size);
    }

    image.file_header.section_count = static_cast<std::uint16_t>(image.sections.size());
    image.file_header.symbol_table_offset = 0;
    image.file_header.symbol_count = 0;
    image.optional_header.checksum = 0;
    image.optional_header.image_size =
        narrow(round_up(ends_of(image).memory, image.optional_header.section_alignment));

    store(out, image.file_header_offset, image.file_header);
    store(out, image.optional_header_offset, image.optional_header);
    std::uint64_t offset = image.section_table_offset;
    for (const PeSectionHeader& section : image.sections) {
        store(out, offset, section);
        offset += sizeof(section);
    }
    return out;
}

} // namespace quoin
