// SPDX-License-Identifier: Apache-2.0
// The texts that describe a Debian archive (deb822): an index of packages, a Release file, and the
// names that apt gives to what it fetches.
#pragma once

#include "builder/lock/lock.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace quoin {

/// The paragraphs of an index, in their order.
void each_stanza(std::string_view index, const std::function<void(std::string_view stanza)>& visit);

/// The package that a stanza describes; nothing for one that a lock cannot hold: without name,
/// version or SHA-256, or with one of them that is not one word.
[[nodiscard]] std::optional<PinnedPackage> package_in(std::string_view stanza);

/// Text of which apt wrote some bytes as "%3a"; a '%' that begins no such byte stays.
[[nodiscard]] std::string percent_decoded(std::string_view text);

/// The package in a file that apt calls "name_1%3a2-3_amd64.deb". Its SHA-256 is not known.
[[nodiscard]] std::optional<PinnedPackage> package_named(std::string_view file);

/// When a Release file was made: seconds since 1970, 0 when it does not say.
[[nodiscard]] std::int64_t release_time(std::string_view release);

} // namespace quoin
