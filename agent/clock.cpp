// SPDX-License-Identifier: Apache-2.0
#include "agent/clock.hpp"

#include <array>
#include <ctime>

namespace quoin {

namespace {
/// 2020-01-01: a node without a battery starts at 1970, or at the image's own time.
constexpr std::int64_t earliest_believable = 1577836800;
} // namespace

std::int64_t current_time() {
    const std::int64_t now = std::time(nullptr);
    return now < earliest_believable ? 0 : now;
}

std::string format_time(std::int64_t seconds) {
    const std::time_t time = seconds;
    std::tm parts{};
    std::array<char, 32> text{};
    if (seconds == 0 || gmtime_r(&time, &parts) == nullptr ||
        std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts) == 0)
        return "an unknown time";
    return text.data();
}

} // namespace quoin
