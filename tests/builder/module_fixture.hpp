// SPDX-License-Identifier: Apache-2.0
// The smallest ELF file that is a kernel module: a section table and a ".modinfo".
#pragma once

#include "base/bytes.hpp"

#include <elf.h>
#include <string>
#include <vector>

namespace quoin {

/// `strings` are ".modinfo" entries: "depends=a,b".
inline Bytes make_module(const std::vector<std::string>& strings) {
    std::string info;
    for (const auto& string : strings)
        info += string + '\0';
    const std::string names = std::string("\0.modinfo\0.shstrtab\0", 20);

    Elf64_Ehdr header = {};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = 3;
    header.e_shstrndx = 2;
    header.e_shoff = sizeof(header) + info.size() + names.size();

    std::array<Elf64_Shdr, 3> sections = {};
    sections[1].sh_name = 1;
    sections[1].sh_offset = sizeof(header);
    sections[1].sh_size = info.size();
    sections[2].sh_name = 10;
    sections[2].sh_offset = sizeof(header) + info.size();
    sections[2].sh_size = names.size();

    Bytes module;
    for (const auto part : {view_of(header), bytes_of(info), bytes_of(names), view_of(sections)})
        module.insert(module.end(), part.begin(), part.end());
    return module;
}

} // namespace quoin
