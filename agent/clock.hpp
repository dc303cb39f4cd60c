// SPDX-License-Identifier: Apache-2.0
// The wall clock as far as a node has one.
#pragma once

#include <cstdint>
#include <string>

namespace quoin {

/// Seconds since 1970, or 0 while the clock was obviously never set.
[[nodiscard]] std::int64_t current_time();

/// "2024-05-01 12:00:00 UTC"; "an unknown time" for 0.
[[nodiscard]] std::string format_time(std::int64_t seconds);

} // namespace quoin
