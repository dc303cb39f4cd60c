// SPDX-License-Identifier: Apache-2.0
#include "base/units.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <limits>

namespace quoin {

std::string format_size(std::uint64_t bytes) {
    if (bytes < KiB)
        return std::to_string(bytes) + " B";
    static constexpr std::array<const char*, 6> units{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double scaled = static_cast<double>(bytes) / 1024;
    std::size_t unit = 0;
    // 1023.95 would be written as "1024.0".
    while (scaled >= 1023.95 && unit + 1 < units.size()) {
        scaled /= 1024;
        ++unit;
    }
    char text[32];
    std::snprintf(text, sizeof text, "%.1f %s", scaled, units[unit]);
    return text;
}

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

/// Digits followed by one of `units`; nothing when malformed or not representable.
template <std::size_t count>
static std::optional<std::uint64_t> parse_with_unit(std::string_view text,
                                                    const std::array<Unit, count>& units) {
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc())
        return std::nullopt;
    const std::string_view suffix(rest, static_cast<std::size_t>(end - rest));
    for (const Unit& unit : units) {
        if (suffix != unit.name)
            continue;
        if (number > std::numeric_limits<std::uint64_t>::max() / unit.factor)
            return std::nullopt;
        return number * unit.factor;
    }
    return std::nullopt;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
    static constexpr std::array<Unit, 9> units{{{"", 1},
                                                {"K", KiB},
                                                {"KiB", KiB},
                                                {"M", MiB},
                                                {"MiB", MiB},
                                                {"G", GiB},
                                                {"GiB", GiB},
                                                {"T", 1024 * GiB},
                                                {"TiB", 1024 * GiB}}};
    return parse_with_unit(text, units);
}

std::string format_duration(double seconds) {
    // Also catches NaN; the upper bound keeps the conversion defined.
    if (!(seconds > 0))
        return "0 s";
    const auto whole = static_cast<std::uint64_t>(seconds < 1e15 ? seconds + 0.5 : 1e15);
    if (whole < 60)
        return std::to_string(whole) + " s";
    if (whole < 3600)
        return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
    return std::to_string(whole / 3600) + " h " + std::to_string(whole % 3600 / 60) + " min";
}

std::optional<std::uint64_t> parse_duration_seconds(std::string_view text) {
    static constexpr std::array<Unit, 4> units{{{"", 1}, {"s", 1}, {"min", 60}, {"h", 3600}}};
    return parse_with_unit(text, units);
}

} // namespace quoin
