// SPDX-License-Identifier: Apache-2.0
// Reading unified kernel images: hostile input until its digest was compared with a signed one.
#include "disk/uki.hpp"

#include "base/error.hpp"
#include "disk/pe_image.hpp"

#include <algorithm>

namespace quoin {

std::vector<UkiSectionPlace> uki_sections(ByteView uki) {
    std::vector<UkiSectionPlace> places;
    for (const PeSectionHeader& section : parse_pe(uki).sections)
        places.push_back({std::string(section.text()), section.raw_offset,
                          std::min<std::uint32_t>(section.virtual_size, section.raw_size)});
    return places;
}

Bytes uki_section(ByteView uki, std::string_view name) {
    for (const UkiSectionPlace& place : uki_sections(uki)) {
        if (place.name != name)
            continue;
        const ByteView content = uki.subspan(place.offset, place.size);
        return {content.begin(), content.end()};
    }
    return {};
}

bool has_whole_signatures(ByteView pe) {
    const PeDataDirectory place = parse_pe(pe).certificates; // of the file, not of memory
    return place.size != 0 && std::uint64_t{place.address} + place.size <= pe.size();
}

namespace {

/// Words stand between white space outside of double quotes; the quotes themselves are dropped.
std::vector<std::string> split_command_line(std::string_view text) {
    constexpr std::string_view separators{" \t\n\0", 4};
    std::vector<std::string> words(1);
    bool quoted = false;
    for (const char c : text) {
        if (c == '"')
            quoted = !quoted;
        else if (quoted || separators.find(c) == separators.npos)
            words.back() += c;
        else if (!words.back().empty())
            words.emplace_back();
    }
    return words;
}

} // namespace

std::optional<std::string> command_line_value(std::string_view command_line, std::string_view key) {
    const std::string start = std::string(key) + "=";
    std::optional<std::string> value;
    for (const std::string& word : split_command_line(command_line)) {
        if (!word.starts_with(start))
            continue;
        if (value)
            throw refused("cannot use the kernel command line: '" + start + "' is given twice");
        value = word.substr(start.size());
    }
    return value;
}

} // namespace quoin
