// SPDX-License-Identifier: Apache-2.0
// The file holds seconds of CLOCK_BOOTTIME as decimal digits: a clock that nobody sets.
#include "agent/steps/verdict_promise.hpp"

#include "base/error.hpp"
#include "base/file.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>

namespace quoin {

namespace {

/// Longer than any health check has; keeps sums in range.
constexpr std::int64_t longest = std::int64_t{1} << 32;

std::int64_t seconds_since_boot() {
    timespec now{};
    if (::clock_gettime(CLOCK_BOOTTIME, &now) != 0)
        throw system_error("cannot read the clock");
    return now.tv_sec;
}

} // namespace

void promise_verdict(const std::string& path, std::chrono::seconds duration) {
    const auto by = seconds_since_boot() + std::min<std::int64_t>(duration.count(), longest);
    replace_file_durably(path, bytes_of(std::to_string(by)));
}

std::chrono::seconds verdict_still_promised(const std::string& path) {
    if (!exists(path))
        return std::chrono::seconds(0);
    std::int64_t by = 0;
    const std::string text = read_text(path);
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), by);
    if (problem != std::errc() || end != text.data() + text.size())
        return std::chrono::seconds(0);
    return std::chrono::seconds(std::clamp<std::int64_t>(by - seconds_since_boot(), 0, longest));
}

} // namespace quoin
