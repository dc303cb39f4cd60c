// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.hpp"

#include <algorithm>
#include <utility>

namespace quoin {

std::string to_hex(ByteView bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const std::uint8_t byte : bytes) {
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

static int digit_value(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

std::optional<Bytes> from_hex(std::string_view text) {
    if (text.size() % 2 != 0)
        return std::nullopt;
    Bytes bytes;
    bytes.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int high = digit_value(text[i]);
        const int low = digit_value(text[i + 1]);
        if (high < 0 || low < 0)
            return std::nullopt;
        bytes.push_back(static_cast<std::uint8_t>(high * 16 + low));
    }
    return bytes;
}

static constexpr std::array<std::size_t, 4> dash_places{8, 13, 18, 23};

std::string Uuid::text() const {
    std::string out = to_hex(bytes);
    for (const std::size_t place : dash_places)
        out.insert(place, 1, '-');
    return out;
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
    if (text.size() != 36)
        return std::nullopt;
    std::string digits;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_dash_place = std::ranges::find(dash_places, i) != dash_places.end();
        if (is_dash_place != (text[i] == '-'))
            return std::nullopt;
        if (!is_dash_place)
            digits += text[i];
    }
    const auto raw = from_hex(digits);
    if (!raw)
        return std::nullopt;
    Uuid uuid;
    std::ranges::copy(*raw, uuid.bytes.begin());
    return uuid;
}

static void swap_fields(std::array<std::uint8_t, 16>& b) {
    std::swap(b[0], b[3]);
    std::swap(b[1], b[2]);
    std::swap(b[4], b[5]);
    std::swap(b[6], b[7]);
}

Uuid Uuid::from_mixed_endian(ByteView sixteen_bytes) {
    Uuid uuid;
    std::copy_n(sixteen_bytes.begin(), 16, uuid.bytes.begin());
    swap_fields(uuid.bytes);
    return uuid;
}

std::array<std::uint8_t, 16> Uuid::mixed_endian() const {
    auto copy = bytes;
    swap_fields(copy);
    return copy;
}

bool all_zero(ByteView bytes) {
    return std::ranges::all_of(bytes, [](std::uint8_t b) { return b == 0; });
}

} // namespace quoin
