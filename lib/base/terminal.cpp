// SPDX-License-Identifier: Apache-2.0
#include "base/terminal.hpp"

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/file.hpp"

#include <cstdlib>
#include <unistd.h>

namespace quoin {

static Verbosity chosen = Verbosity::normal;

void set_verbosity(Verbosity verbosity) {
    chosen = verbosity;
}
Verbosity verbosity() {
    return chosen;
}

static bool stderr_is_terminal() {
    static const bool answer = ::isatty(STDERR_FILENO) == 1;
    return answer;
}

/// https://no-color.org: present and not empty.
static bool colour_wanted() {
    const char* no_colour = ::getenv("NO_COLOR");
    return stderr_is_terminal() && (no_colour == nullptr || *no_colour == '\0');
}

bool progress_wanted() {
    return stderr_is_terminal() && chosen != Verbosity::quiet;
}

/// Length of the well-formed UTF-8 sequence of a printable character at the start of `text`; 0 for
/// control characters (C0, DEL, and C1, which some terminals obey) and for malformed bytes.
static std::size_t printable_length(std::string_view text) {
    const auto byte_at = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const std::uint8_t first = byte_at(0);
    if (first < 0x80)
        return first >= 0x20 && first != 0x7f ? 1 : 0;
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < length)
        return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte_at(i) & 0xc0) != 0x80)
            return 0;
    const bool is_c1 = first == 0xc2 && byte_at(1) < 0xa0;
    return is_c1 ? 0 : length;
}

static std::string escape_controls(std::string_view text, bool keep_newlines) {
    std::string out;
    while (!text.empty()) {
        const std::size_t length = keep_newlines && text[0] == '\n' ? 1 : printable_length(text);
        if (length > 0)
            out += text.substr(0, length);
        else
            out += "\\x" + to_hex(bytes_of(text.substr(0, 1)));
        text.remove_prefix(length > 0 ? length : 1);
    }
    return out;
}

std::string printable(const std::string& text) {
    return escape_controls(text, false);
}

/// One write(2) a message, so that lines of several processes do not mix.
static void say(const char* colour, const std::string& label, const std::string& message) {
    std::string line;
    if (stderr_is_terminal())
        line += "\r\033[K"; // a progress line may stand here
    if (!label.empty())
        line += colour_wanted() ? colour + label + "\033[0m" : label;
    line += escape_controls(message, true) + "\n";
    try {
        write_all(FdRef(STDERR_FILENO), bytes_of(line), "standard error");
    } catch (const Error&) {
        // With standard error gone there is nobody left to tell.
    }
}

void say_error(const std::string& message) {
    say("\033[1;31m", "error: ", message);
}

void say_warning(const std::string& message) {
    say("\033[1;33m", "warning: ", message);
}

void say_note(const std::string& message) {
    if (chosen != Verbosity::quiet)
        say("", "", message);
}

void say_detail(const std::string& message) {
    if (chosen == Verbosity::verbose)
        say("", "", message);
}

} // namespace quoin
