// SPDX-License-Identifier: Apache-2.0
// What the programs say on standard error: plain when piped, coloured on a terminal, NO_COLOR kept.
#pragma once

#include <string>

namespace quoin {

/// --quiet, neither, --verbose.
enum class Verbosity { quiet, normal, verbose };

/// Set once by main; libraries never print.
void set_verbosity(Verbosity verbosity);
[[nodiscard]] Verbosity verbosity();
/// True when standard error is a terminal and --quiet was not given.
[[nodiscard]] bool progress_wanted();

/// One line on standard error. `note` is silenced by --quiet, `detail` needs --verbose.
void say_error(const std::string& message);
void say_warning(const std::string& message);
void say_note(const std::string& message);
void say_detail(const std::string& message);

/// `text` with every control character and escape replaced by "\xNN": for anything that came from a
/// file or the network before it reaches a terminal.
[[nodiscard]] std::string printable(const std::string& text);

} // namespace quoin
