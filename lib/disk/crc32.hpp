// SPDX-License-Identifier: Apache-2.0
// CRC-32 as GPT uses it (IEEE 802.3, reflected, polynomial 0xedb88320): tables are a few KiB, so
// a byte at a time is fast enough.
#pragma once

#include "base/bytes.hpp"

namespace quoin {

inline constexpr std::array<std::uint32_t, 256> crc32_table = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < table.size(); ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit)
            value = (value >> 1) ^ ((value & 1) != 0 ? 0xedb88320U : 0U);
        table[i] = value;
    }
    return table;
}();

/// `before`: the CRC of the bytes that come before `data`.
[[nodiscard]] constexpr std::uint32_t crc32(ByteView data, std::uint32_t before = 0) {
    std::uint32_t value = ~before;
    for (const std::uint8_t byte : data)
        value = (value >> 8) ^ crc32_table[(value ^ byte) & 0xffU];
    return ~value;
}

} // namespace quoin
