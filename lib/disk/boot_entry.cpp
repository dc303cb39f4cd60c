// SPDX-License-Identifier: Apache-2.0
#include "disk/boot_entry.hpp"

#include "disk/version_order.hpp"

#include <algorithm>
#include <charconv>

namespace quoin {
namespace {

constexpr std::string_view suffix = ".efi";

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool ends_with_suffix(std::string_view name) {
    return name.size() > suffix.size() &&
           std::equal(suffix.begin(), suffix.end(), name.end() - suffix.size(),
                      [](char expected, char c) { return expected == lower(c); });
}

/// Decimal digits only; nothing when there are none, or more than fit.
std::optional<unsigned> parse_count(std::string_view text) {
    unsigned value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || stop != end)
        return std::nullopt;
    return value;
}

/// "3" or "3-0".
std::optional<BootEntryName::Counter> parse_counter(std::string_view text) {
    const std::size_t dash = text.find('-');
    const auto left = parse_count(text.substr(0, dash));
    const auto done = dash == text.npos ? 0U : parse_count(text.substr(dash + 1));
    if (!left || !done)
        return std::nullopt;
    return BootEntryName::Counter{*left, *done};
}

} // namespace

std::string BootEntryName::file_name() const {
    std::string name = id + "_" + version;
    if (counter)
        name += "+" + std::to_string(counter->left) + "-" + std::to_string(counter->done);
    return name.append(suffix);
}

std::optional<BootEntryName> BootEntryName::parse(std::string_view file_name) {
    if (!ends_with_suffix(file_name))
        return std::nullopt;
    file_name.remove_suffix(suffix.size());

    BootEntryName entry;
    if (const std::size_t plus = file_name.rfind('+'); plus != file_name.npos) {
        entry.counter = parse_counter(file_name.substr(plus + 1));
        if (!entry.counter)
            return std::nullopt;
        file_name = file_name.substr(0, plus);
    }
    const std::size_t underscore = file_name.find('_');
    if (underscore == file_name.npos)
        return std::nullopt;
    entry.id = file_name.substr(0, underscore);
    entry.version = file_name.substr(underscore + 1);
    if (!is_valid_image_id(entry.id) || !is_valid_version(entry.version))
        return std::nullopt;
    return entry;
}

std::strong_ordering loader_order(const BootEntryName& left, const BootEntryName& right) {
    if (const auto order = left.is_bad() <=> right.is_bad(); order != 0)
        return order;
    if (const auto order = left.id <=> right.id; order != 0)
        return order;
    if (const auto order = compare_versions(right.version, left.version); order != 0)
        return order;
    // Two names of one system never stay on purpose; systemd-boot 252 then compares whole names.
    return compare_versions(right.file_name(), left.file_name());
}

} // namespace quoin
