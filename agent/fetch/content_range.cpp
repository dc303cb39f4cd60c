// SPDX-License-Identifier: Apache-2.0
#include "agent/fetch/content_range.hpp"

#include <charconv>

namespace quoin {

namespace {

/// True when `text` went on with `expected`, which is taken off it.
bool take(std::string_view& text, std::string_view expected) {
    if (!text.starts_with(expected))
        return false;
    text.remove_prefix(expected.size());
    return true;
}

/// Digits off the front of `text`; nothing when there are none or they do not fit 64 bits.
std::optional<std::uint64_t> take_number(std::string_view& text) {
    std::uint64_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc())
        return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
}

} // namespace

std::optional<ContentRange> ContentRange::parse(std::string_view text) {
    ContentRange range;
    if (!take(text, "bytes "))
        return std::nullopt;
    const bool without_range = take(text, "*/");
    if (!without_range) {
        range.first = take_number(text);
        if (!range.first || !take(text, "-"))
            return std::nullopt;
        range.last = take_number(text);
        if (!range.last || *range.last < *range.first || !take(text, "/"))
            return std::nullopt;
    }
    if (without_range || !take(text, "*")) {
        range.size = take_number(text);
        if (!range.size || (range.last && *range.last >= *range.size))
            return std::nullopt;
    }
    if (!text.empty())
        return std::nullopt;
    return range;
}

} // namespace quoin
