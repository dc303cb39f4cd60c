// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.hpp"

#include "support/catch.hpp"

#include <limits>

using namespace quoin;

TEST_CASE("stored integers lie in their byte order at any alignment") {
    struct Packed {
        std::uint8_t first;
        le16 two;
        le32 four;
        le64 eight;
    };
    static_assert(sizeof(Packed) == 15);
    const Packed packed{1, std::uint16_t{0x0203}, 0x04050607U, 0x08090a0b0c0d0e0fULL};
    CHECK(to_hex(view_of(packed)) == "010302070605040f0e0d0c0b0a0908");
    const auto loaded = load<Packed>(view_of(packed));
    CHECK(loaded.two == 0x0203);
    CHECK(loaded.four == 0x04050607U);
    CHECK(loaded.eight == 0x08090a0b0c0d0e0fULL);
    const le64 highest = std::numeric_limits<std::uint64_t>::max();
    CHECK(highest == std::numeric_limits<std::uint64_t>::max());
    const Stored<std::uint32_t, std::endian::big> big = 0x01020304U;
    CHECK(to_hex(view_of(big)) == "01020304");
}

TEST_CASE("hex is read in either case and refused when it is not whole bytes") {
    CHECK(from_hex("00fFAa") == Bytes{0, 0xff, 0xaa});
    CHECK(from_hex("") == Bytes{});
    CHECK_FALSE(from_hex("0"));
    CHECK_FALSE(from_hex("0g"));
    CHECK_FALSE(from_hex("+1"));
    CHECK_FALSE(from_hex(" 1"));
}

TEST_CASE("a UUID is written as it is read, and GPT's form swaps its first three fields") {
    const std::string text = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";
    const auto uuid = Uuid::parse(text);
    REQUIRE(uuid);
    CHECK(uuid->text() == text);
    CHECK(to_hex(uuid->mixed_endian()) == "28732ac11ff8d211ba4b00a0c93ec93b");
    CHECK(Uuid::from_mixed_endian(uuid->mixed_endian()) == *uuid);
    CHECK(Uuid::parse("C12A7328-F81F-11D2-BA4B-00A0C93EC93B") == uuid);
}

TEST_CASE("what is not quite a UUID is none") {
    CHECK_FALSE(Uuid::parse(""));
    CHECK_FALSE(Uuid::parse("c12a7328f81f11d2ba4b00a0c93ec93b"));
    CHECK_FALSE(Uuid::parse("c12a7328-f81f-11d2-ba4b-00a0c93ec93"));
    CHECK_FALSE(Uuid::parse("c12a732-8f81f-11d2-ba4b-00a0c93ec93b"));
    CHECK_FALSE(Uuid::parse("c12a7328-f81f-11d2-ba4b-00a0c93ec93x"));
    CHECK_FALSE(Uuid::parse("c12a7328-f81f-11d2-ba4b-00a0c93ec93-"));
}

TEST_CASE("zeros are told from anything else") {
    Bytes bytes(100);
    CHECK(all_zero(bytes));
    CHECK(all_zero({}));
    bytes.back() = 1;
    CHECK_FALSE(all_zero(bytes));
}

TEST_CASE("rounding up reaches the next multiple") {
    CHECK(round_up(0, 4096) == 0);
    CHECK(round_up(1, 4096) == 4096);
    CHECK(round_up(4096, 4096) == 4096);
    CHECK(round_up(4097, 3) == 4098);
}
