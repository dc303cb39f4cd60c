// SPDX-License-Identifier: Apache-2.0
// https://reproducible-builds.org/specs/source-date-epoch/
#include "builder/recipe.hpp"

#include "base/error.hpp"
#include "base/terminal.hpp"

#include <charconv>
#include <cstdlib>

namespace quoin {

std::optional<std::int64_t> image_time(const Recipe& recipe) {
    const char* text = std::getenv("SOURCE_DATE_EPOCH");
    if (text == nullptr || *text == '\0')
        return recipe.time;
    const std::string_view digits(text);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size() || value < 0)
        throw Error(ErrorCode::usage, "cannot use SOURCE_DATE_EPOCH '" + printable(text) +
                                          "': not a number of seconds");
    return value;
}

} // namespace quoin
