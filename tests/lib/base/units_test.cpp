// SPDX-License-Identifier: Apache-2.0
#include "base/units.hpp"

#include "support/catch.hpp"

#include <cmath>
#include <limits>

using namespace quoin;

TEST_CASE("sizes are written with one decimal once they are scaled") {
    CHECK(format_size(0) == "0 B");
    CHECK(format_size(1023) == "1023 B");
    CHECK(format_size(1536) == "1.5 KiB");
    CHECK(format_size(160 * MiB + 943718) == "160.9 MiB");
    CHECK(format_size(MiB - 1) == "1.0 MiB");
    CHECK(format_size(std::numeric_limits<std::uint64_t>::max()) == "16.0 EiB");
}

TEST_CASE("sizes are read in powers of 1024") {
    CHECK(parse_size("4096") == 4096);
    CHECK(parse_size("128K") == 128 * KiB);
    CHECK(parse_size("256MiB") == 256 * MiB);
    CHECK(parse_size("2G") == 2 * GiB);
    CHECK(parse_size("18446744073709551615") == std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("what is not a size, or does not fit 64 bits, is none") {
    for (const char* text : {"", "K", "-1", "+1", " 1", "1 K", "1.5G", "1k", "1KB", "0x10",
                             "18446744073709551616", "18446744073709551615K", "17179869184G"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_size(text));
    }
}

TEST_CASE("durations are written in their two largest units") {
    CHECK(format_duration(0) == "0 s");
    CHECK(format_duration(8.4) == "8 s");
    CHECK(format_duration(59.7) == "1 min 0 s");
    CHECK(format_duration(200) == "3 min 20 s");
    CHECK(format_duration(7500) == "2 h 5 min");
    CHECK(format_duration(-1) == "0 s");
    CHECK(format_duration(std::nan("")) == "0 s");
    CHECK_FALSE(format_duration(std::numeric_limits<double>::infinity()).empty());
}

TEST_CASE("durations are read in seconds, minutes or hours") {
    CHECK(parse_duration_seconds("30s") == 30);
    CHECK(parse_duration_seconds("5min") == 300);
    CHECK(parse_duration_seconds("2h") == 7200);
    CHECK(parse_duration_seconds("90") == 90);
    CHECK_FALSE(parse_duration_seconds("5m"));
    CHECK_FALSE(parse_duration_seconds("-5s"));
    CHECK_FALSE(parse_duration_seconds("5124095576030432h"));
}
