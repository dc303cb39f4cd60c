// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

namespace quoin {

/// A whole number out of JSON. Nothing for a fraction, for what is no number and for what `Number`
/// cannot hold: json::get() would convert them to anything.
template <typename Number>
[[nodiscard]] std::optional<Number> whole_number(const nlohmann::json& json) {
    const auto held = [](auto value) {
        return std::in_range<Number>(value) ? std::optional(static_cast<Number>(value))
                                            : std::nullopt;
    };
    if (json.is_number_unsigned())
        return held(json.get<std::uint64_t>());
    if (json.is_number_integer())
        return held(json.get<std::int64_t>());
    return std::nullopt;
}

} // namespace quoin
