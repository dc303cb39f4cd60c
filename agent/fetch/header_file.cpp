// SPDX-License-Identifier: Apache-2.0
#include "agent/fetch/header_file.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/units.hpp"

#include <algorithm>
#include <optional>

namespace quoin {

namespace {

constexpr std::uint64_t largest_file = 64 * KiB;

/// A token of RFC 9110, 5.6.2.
bool is_name(std::string_view text) {
    constexpr std::string_view others = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::ranges::all_of(text, [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               others.find(c) != std::string_view::npos;
    });
}

bool is_value(std::string_view text) {
    return text.find_first_not_of(" \t") != std::string_view::npos;
}

/// It would end the header, or the request.
bool is_control(char c) {
    return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f';
}

/// What is wrong with a line; nothing when it is a header.
std::optional<std::string> mistake_in(std::string_view line) {
    if (std::ranges::any_of(line, is_control))
        return "there is a CR or another control character, expected lines that end with LF alone";
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_name(line.substr(0, colon)) ||
        !is_value(line.substr(colon + 1)))
        return "this is no header, expected 'Name: value'";
    return std::nullopt;
}

} // namespace

std::vector<std::string> parse_headers(std::string_view text, const std::string& name) {
    std::vector<std::string> headers;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty() || line.front() == '#')
            continue;
        if (const auto mistake = mistake_in(line))
            throw Error(ErrorCode::usage, name + ":" + std::to_string(number) + ": " + *mistake);
        headers.emplace_back(line);
    }
    return headers;
}

std::vector<std::string> read_header_file(const std::string& path) {
    return parse_headers(read_text(path, largest_file), path);
}

} // namespace quoin
