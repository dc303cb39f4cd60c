// SPDX-License-Identifier: Apache-2.0
// The order of versions: UAPI.10
// (https://uapi-group.org/specifications/specs/version_format_specification), the same as
// systemd-boot and `systemd-analyze compare-versions`.
#pragma once

#include <compare>
#include <cstddef>
#include <string_view>

namespace quoin {

/// Less means older. Characters outside [A-Za-z0-9.~^-] are skipped and leading zeros do not count,
/// so different texts can be equal versions. Total: any text is accepted.
[[nodiscard]] std::strong_ordering compare_versions(std::string_view left, std::string_view right);

inline constexpr std::size_t max_version_length = 16;
inline constexpr std::size_t max_image_id_length = 12;

/// [A-Za-z0-9.~^-], at most 16 characters, first one a digit or letter. No '_' and no '+': both are
/// separators in labels and boot entry names.
[[nodiscard]] bool is_valid_version(std::string_view version);

/// [a-z0-9-], at most 12 characters, first one a letter: with a version and "_verity" it fits a GPT
/// label of 36 units, and no path can be made of it.
[[nodiscard]] bool is_valid_image_id(std::string_view id);

} // namespace quoin
