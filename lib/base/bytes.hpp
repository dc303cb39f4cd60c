// SPDX-License-Identifier: Apache-2.0
// Bytes as they lie on disk: spans, endian-typed integers, hex, UUIDs.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace quoin {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;
using ByteSpan = std::span<std::uint8_t>;

[[nodiscard]] inline ByteView bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
[[nodiscard]] inline std::string_view text_of(ByteView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The bytes of a packed on-disk struct.
template <typename T>
requires std::is_trivially_copyable_v<T>
[[nodiscard]] ByteView view_of(const T& object) {
    return {reinterpret_cast<const std::uint8_t*>(&object), sizeof(T)};
}

/// Copies a packed struct out of `bytes`; the caller has checked that bytes.size() >= sizeof(T).
template <typename T>
requires std::is_trivially_copyable_v<T>
[[nodiscard]] T load(ByteView bytes) {
    T object;
    std::memcpy(&object, bytes.data(), sizeof(T));
    return object;
}

/// An unsigned integer stored in a fixed byte order at any alignment, so that an on-disk struct is
/// a struct. Converts both ways.
template <std::unsigned_integral T, std::endian order>
class Stored {
  public:
    Stored() = default;
    Stored(T value) { // NOLINT(google-explicit-constructor): it stands for the integer
        for (std::size_t i = 0; i < sizeof(T); ++i)
            raw_[place(i)] = static_cast<std::uint8_t>(value >> (8 * i));
    }
    operator T() const { // NOLINT(google-explicit-constructor)
        T value = 0;
        for (std::size_t i = 0; i < sizeof(T); ++i)
            value = static_cast<T>(value | static_cast<T>(T{raw_[place(i)]} << (8 * i)));
        return value;
    }

  private:
    static constexpr std::size_t place(std::size_t i) {
        return order == std::endian::little ? i : sizeof(T) - 1 - i;
    }
    std::array<std::uint8_t, sizeof(T)> raw_{};
};

using le16 = Stored<std::uint16_t, std::endian::little>;
using le32 = Stored<std::uint32_t, std::endian::little>;
using le64 = Stored<std::uint64_t, std::endian::little>;

/// Lower-case hex, two digits a byte.
[[nodiscard]] std::string to_hex(ByteView bytes);
/// The inverse; nothing unless `text` is an even number of hex digits (either case).
[[nodiscard]] std::optional<Bytes> from_hex(std::string_view text);

/// A UUID in textual order (the order in which its digits are written, not GPT's mixed-endian).
struct Uuid {
    std::array<std::uint8_t, 16> bytes{};

    /// "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
    [[nodiscard]] std::string text() const;
    /// Accepts either case; nothing when it is not a UUID.
    [[nodiscard]] static std::optional<Uuid> parse(std::string_view text);
    /// To and from the mixed-endian form of GPT and EFI (first three fields little-endian).
    [[nodiscard]] static Uuid from_mixed_endian(ByteView sixteen_bytes);
    [[nodiscard]] std::array<std::uint8_t, 16> mixed_endian() const;

    friend bool operator==(const Uuid&, const Uuid&) = default;
};

/// True when every byte is zero.
[[nodiscard]] bool all_zero(ByteView bytes);

/// `value` rounded up to a multiple of `unit` (any positive unit). The caller knows it fits.
[[nodiscard]] constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t unit) {
    return (value + unit - 1) / unit * unit;
}

} // namespace quoin
