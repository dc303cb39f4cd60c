// SPDX-License-Identifier: Apache-2.0
// Sizes and durations as people write and read them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace quoin {

inline constexpr std::uint64_t KiB = 1024;
inline constexpr std::uint64_t MiB = 1024 * KiB;
inline constexpr std::uint64_t GiB = 1024 * MiB;

/// "42 B", "1.5 KiB", "160.9 MiB": one decimal once it is scaled.
[[nodiscard]] std::string format_size(std::uint64_t bytes);

/// "4096", "128K", "256M", "2G" (also "KiB", "MiB", "GiB"); powers of 1024. Nothing when it is not
/// a size or does not fit 64 bits.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);

/// "8 s", "3 min 20 s", "2 h 5 min".
[[nodiscard]] std::string format_duration(double seconds);

/// "30s", "5min", "2h", plain seconds. Nothing when malformed.
[[nodiscard]] std::optional<std::uint64_t> parse_duration_seconds(std::string_view text);

} // namespace quoin
