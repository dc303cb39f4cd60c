// SPDX-License-Identifier: Apache-2.0
#include "base/progress.hpp"

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/units.hpp"

#include <algorithm>
#include <chrono>
#include <unistd.h>

namespace quoin {

static constexpr double seconds_between_draws = 0.1;
/// Before this a rate is noise.
static constexpr double seconds_until_rate = 0.5;

static double now() {
    using namespace std::chrono;
    return duration<double>(steady_clock::now().time_since_epoch()).count();
}

static void draw(const std::string& line) {
    try {
        write_all(FdRef(STDERR_FILENO), bytes_of("\r\033[K" + line), "standard error");
    } catch (const Error&) {
        // Progress is a courtesy: work goes on without a terminal.
    }
}

ProgressLine::ProgressLine(std::string label, bool enabled)
    : label_(std::move(label)), enabled_(enabled), started_(now()) {}

ProgressLine::~ProgressLine() {
    finish();
}

void ProgressLine::update(std::uint64_t done, std::uint64_t whole) {
    if (!enabled_)
        return;
    const double time = now();
    if (drawn_ && time - last_drawn_ < seconds_between_draws)
        return;
    std::string line = label_;
    if (whole > 0) {
        const double share = static_cast<double>(done) / static_cast<double>(whole);
        line += "  " + std::to_string(static_cast<int>(std::clamp(share, 0.0, 1.0) * 100)) + " %";
    } else {
        line += "  " + format_size(done);
    }
    const double elapsed = time - started_;
    if (elapsed >= seconds_until_rate && done > 0) {
        const double rate = static_cast<double>(done) / elapsed;
        line += "  " + format_size(static_cast<std::uint64_t>(rate)) + "/s";
        if (whole > done)
            line += "  " + format_duration(static_cast<double>(whole - done) / rate) + " left";
    }
    draw(line);
    drawn_ = true;
    last_drawn_ = time;
}

void ProgressLine::finish() {
    if (drawn_)
        draw("");
    drawn_ = false;
    enabled_ = false;
}

} // namespace quoin
