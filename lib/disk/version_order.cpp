// SPDX-License-Identifier: Apache-2.0
// The comparison walks both versions in step, one segment (a separator, a number or a word) a turn,
// exactly as systemd's strverscmp_improved() does: the loader and we must never disagree.
#include "disk/version_order.hpp"

#include <algorithm>

namespace quoin {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_separator(char c) {
    return c == '.' || c == '-' || c == '^' || c == '~';
}
bool is_version_character(char c) {
    return is_digit(c) || is_letter(c) || is_separator(c);
}

/// Takes the longest prefix whose characters all satisfy `predicate`.
template <typename Predicate>
std::string_view take(std::string_view& text, Predicate predicate) {
    const auto end = std::find_if_not(text.begin(), text.end(), predicate);
    const auto length = static_cast<std::size_t>(end - text.begin());
    const std::string_view taken = text.substr(0, length);
    text.remove_prefix(length);
    return taken;
}

/// A separator that only one side has makes that side the older one; one that both have is taken.
std::strong_ordering take_separator(std::string_view& left, std::string_view& right,
                                    char separator) {
    const bool in_left = left.starts_with(separator);
    const bool in_right = right.starts_with(separator);
    if (in_left && in_right) {
        left.remove_prefix(1);
        right.remove_prefix(1);
    }
    return in_right <=> in_left;
}

/// Any length, so by digits: fewer digits without leading zeros is less.
std::strong_ordering compare_numbers(std::string_view left, std::string_view right) {
    if (left.empty() != right.empty())
        return right.empty() <=> left.empty(); // a number is newer than none, also when it is zero
    take(left, [](char c) { return c == '0'; });
    take(right, [](char c) { return c == '0'; });
    if (left.size() != right.size())
        return left.size() <=> right.size();
    return left.compare(right) <=> 0;
}

} // namespace

std::strong_ordering compare_versions(std::string_view left, std::string_view right) {
    const auto is_ignored = [](char c) { return !is_version_character(c); };
    while (true) {
        take(left, is_ignored);
        take(right, is_ignored);

        // A pre-release sorts before the end of the string, every other separator after it.
        if (const auto order = take_separator(left, right, '~'); order != 0)
            return order;
        if (left.empty() || right.empty())
            return right.empty() <=> left.empty();
        for (const char separator : {'-', '^', '.'})
            if (const auto order = take_separator(left, right, separator); order != 0)
                return order;

        const bool number = (!left.empty() && is_digit(left.front())) ||
                            (!right.empty() && is_digit(right.front()));
        const auto order = number ? compare_numbers(take(left, is_digit), take(right, is_digit))
                                  : take(left, is_letter).compare(take(right, is_letter)) <=> 0;
        if (order != 0)
            return order;
    }
}

bool is_valid_version(std::string_view version) {
    return !version.empty() && version.size() <= max_version_length &&
           (is_digit(version.front()) || is_letter(version.front())) &&
           std::all_of(version.begin(), version.end(), is_version_character);
}

bool is_valid_image_id(std::string_view id) {
    const auto is_lower = [](char c) { return c >= 'a' && c <= 'z'; };
    return !id.empty() && id.size() <= max_image_id_length && is_lower(id.front()) &&
           std::all_of(id.begin(), id.end(),
                       [&](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
}

} // namespace quoin
