// SPDX-License-Identifier: Apache-2.0
#include "builder/root/needed_libraries.hpp"

#include <cstring>
#include <elf.h>
#include <optional>

namespace quoin {

namespace {

/// A struct at an offset, if it lies inside.
template <typename T>
std::optional<T> at(ByteView bytes, std::uint64_t offset) {
    if (offset > bytes.size() || bytes.size() - offset < sizeof(T))
        return std::nullopt;
    return load<T>(bytes.subspan(offset));
}

std::vector<Elf64_Phdr> program_headers(ByteView elf) {
    const auto header = at<Elf64_Ehdr>(elf, 0);
    if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB)
        return {};
    std::vector<Elf64_Phdr> segments;
    for (std::uint64_t i = 0; i < header->e_phnum; ++i)
        if (const auto segment = at<Elf64_Phdr>(elf, header->e_phoff + i * sizeof(Elf64_Phdr)))
            segments.push_back(*segment);
    return segments;
}

/// Where a virtual address lies in the file.
std::optional<std::uint64_t> file_offset(const std::vector<Elf64_Phdr>& segments,
                                         std::uint64_t address) {
    for (const Elf64_Phdr& segment : segments)
        if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
            address - segment.p_vaddr < segment.p_filesz)
            return segment.p_offset + (address - segment.p_vaddr);
    return std::nullopt;
}

} // namespace

std::vector<std::string> needed_libraries(ByteView elf) {
    const auto segments = program_headers(elf);
    std::vector<std::uint64_t> name_offsets;
    std::optional<std::uint64_t> strings;
    for (const Elf64_Phdr& segment : segments) {
        if (segment.p_type != PT_DYNAMIC)
            continue;
        for (std::uint64_t i = 0; i < segment.p_filesz / sizeof(Elf64_Dyn); ++i) {
            const auto entry = at<Elf64_Dyn>(elf, segment.p_offset + i * sizeof(Elf64_Dyn));
            if (!entry || entry->d_tag == DT_NULL)
                break;
            if (entry->d_tag == DT_NEEDED)
                name_offsets.push_back(entry->d_un.d_val);
            if (entry->d_tag == DT_STRTAB)
                strings = file_offset(segments, entry->d_un.d_ptr);
        }
    }
    std::vector<std::string> names;
    for (const std::uint64_t offset : name_offsets) {
        if (!strings || *strings > elf.size() || offset > elf.size() - *strings)
            continue;
        const auto rest = text_of(elf.subspan(*strings + offset));
        if (const std::size_t end = rest.find('\0'); end != std::string_view::npos)
            names.emplace_back(rest.substr(0, end));
    }
    return names;
}

} // namespace quoin
