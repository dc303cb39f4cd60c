// SPDX-License-Identifier: Apache-2.0
// UTF-16LE as partition labels hold it. Inline, so that early userspace needs no second source
// file.
#pragma once

#include "base/bytes.hpp"

#include <string>

namespace quoin {

inline void append_utf8(std::string& text, std::uint32_t code) {
    const auto put = [&text](std::uint32_t byte) { text += static_cast<char>(byte); };
    const auto put_tail = [&put, code](unsigned shift) { put(0x80U | ((code >> shift) & 0x3fU)); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xc0U | (code >> 6));
        put_tail(0);
    } else if (code < 0x10000) {
        put(0xe0U | (code >> 12));
        put_tail(6);
        put_tail(0);
    } else {
        put(0xf0U | (code >> 18));
        put_tail(12);
        put_tail(6);
        put_tail(0);
    }
}

/// UTF-8 of the units before the first zero unit; an unpaired surrogate becomes U+FFFD.
[[nodiscard]] inline std::string utf8_from_utf16le(ByteView units) {
    const auto unit = [units](std::size_t i) -> std::uint32_t {
        return 2 * i + 1 < units.size() ? load<le16>(units.subspan(2 * i)) : le16{0};
    };
    const auto is_leading = [](std::uint32_t code) { return code >= 0xd800 && code < 0xdc00; };
    const auto is_trailing = [](std::uint32_t code) { return code >= 0xdc00 && code < 0xe000; };
    std::string text;
    for (std::size_t i = 0; unit(i) != 0; ++i) {
        std::uint32_t code = unit(i);
        if (is_leading(code) && is_trailing(unit(i + 1))) {
            code = 0x10000 + ((code - 0xd800) << 10) + (unit(i + 1) - 0xdc00);
            ++i;
        } else if (is_leading(code) || is_trailing(code)) {
            code = 0xfffd;
        }
        append_utf8(text, code);
    }
    return text;
}

} // namespace quoin
