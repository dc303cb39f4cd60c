// SPDX-License-Identifier: Apache-2.0
// The root is the builder's own input, but its modules may come from anywhere: every offset is
// checked against the file.
#include "builder/stages/module_info.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <array>
#include <elf.h>

namespace quoin {
namespace {

ByteView slice(ByteView elf, std::uint64_t offset, std::uint64_t size, const std::string& name) {
    if (offset > elf.size() || size > elf.size() - offset)
        throw Error("cannot read kernel module '" + name + "': a section lies outside the file");
    return elf.subspan(offset, size);
}

/// Text up to the first NUL.
std::string_view c_string(ByteView bytes) {
    const auto text = text_of(bytes);
    return text.substr(0, text.find('\0'));
}

ByteView find_section(ByteView elf, std::string_view wanted, const std::string& name) {
    const auto header = load<Elf64_Ehdr>(slice(elf, 0, sizeof(Elf64_Ehdr), name));
    if (header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shstrndx >= header.e_shnum)
        throw Error("cannot read kernel module '" + name + "': odd section table");
    const auto table =
        slice(elf, header.e_shoff, std::uint64_t{header.e_shnum} * sizeof(Elf64_Shdr), name);
    const auto section = [&](std::size_t i) {
        return load<Elf64_Shdr>(table.subspan(i * sizeof(Elf64_Shdr)));
    };
    const auto names_header = section(header.e_shstrndx);
    const auto names = slice(elf, names_header.sh_offset, names_header.sh_size, name);
    for (std::size_t i = 0; i < header.e_shnum; ++i) {
        const auto candidate = section(i);
        if (candidate.sh_name < names.size() &&
            c_string(names.subspan(candidate.sh_name)) == wanted)
            return slice(elf, candidate.sh_offset, candidate.sh_size, name);
    }
    return {};
}

void append_words(std::vector<std::string>& words, std::string_view text, char separator) {
    while (!text.empty()) {
        const auto end = std::min(text.find(separator), text.size());
        if (end > 0)
            words.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

/// "pre: a b post: c" → a, b.
void append_pre_softdeps(std::vector<std::string>& softdeps, std::string_view text) {
    std::vector<std::string> words;
    append_words(words, text, ' ');
    bool before = false;
    for (auto& word : words) {
        if (word.ends_with(':'))
            before = word == "pre:";
        else if (before)
            softdeps.push_back(std::move(word));
    }
}

} // namespace

ModuleInfo parse_module_info(ByteView elf, const std::string& name) {
    constexpr std::array<std::uint8_t, 6> magic = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB};
    if (elf.size() < magic.size() || !std::ranges::equal(elf.first(magic.size()), magic))
        throw Error("cannot read kernel module '" + name + "': not a 64-bit ELF file");

    ModuleInfo info;
    std::vector<std::string> strings;
    append_words(strings, text_of(find_section(elf, ".modinfo", name)), '\0');
    for (const auto& string : strings) {
        const auto equals = string.find('=');
        if (equals == std::string::npos)
            continue;
        const auto key = std::string_view(string).substr(0, equals);
        const auto value = std::string_view(string).substr(equals + 1);
        if (key == "depends")
            append_words(info.depends, value, ',');
        else if (key == "softdep")
            append_pre_softdeps(info.softdeps, value);
        else if (key == "alias")
            info.aliases.emplace_back(value);
        else if (key == "firmware")
            info.firmware.emplace_back(value);
    }
    return info;
}

std::string normalized_module_name(std::string_view name) {
    std::string result(name);
    std::ranges::replace(result, '-', '_');
    return result;
}

std::string module_name_of_path(std::string_view path) {
    auto name = path.substr(path.find_last_of('/') + 1);
    for (const std::string_view suffix : {".xz", ".zst", ".gz"})
        if (name.ends_with(suffix))
            name.remove_suffix(suffix.size());
    if (!name.ends_with(".ko"))
        return {};
    name.remove_suffix(3);
    return normalized_module_name(name);
}

} // namespace quoin
