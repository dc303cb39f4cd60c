// SPDX-License-Identifier: Apache-2.0
// The header that says which part of a file a server sends.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace quoin {

/// "bytes FIRST-LAST/SIZE", "bytes FIRST-LAST/*" or "bytes */SIZE" (RFC 9110, 14.4).
struct ContentRange {
    std::optional<std::uint64_t> first; ///< absent in an answer that has no range
    std::optional<std::uint64_t> last;  ///< inclusive; not before `first`, inside the file
    std::optional<std::uint64_t> size;  ///< of the whole file, where it is known

    /// Nothing when it is malformed, not of bytes, or impossible.
    [[nodiscard]] static std::optional<ContentRange> parse(std::string_view text);
};

} // namespace quoin
