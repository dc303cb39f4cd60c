// SPDX-License-Identifier: Apache-2.0
// What both programs say of a command line that cannot be understood.
#pragma once

#include <CLI/CLI.hpp>

namespace quoin {

/// Of a mistyped command or option CLI11 says only that something else is missing; here it is
/// named.
[[nodiscard]] inline std::string mistake_in(const CLI::App& app, const CLI::ParseError& end) {
    const auto unknown = app.remaining(true);
    if (end.get_exit_code() != static_cast<int>(CLI::ExitCodes::RequiredError) || unknown.empty())
        return end.what();
    return "'" + unknown.front() + "' is neither a command nor an option";
}

} // namespace quoin
