// SPDX-License-Identifier: Apache-2.0
#include "base/region.hpp"

#include "base/error.hpp"
#include "support/catch.hpp"

#include <limits>
#include <unistd.h>

using namespace quoin;

TEST_CASE("a region reads and writes at its place in the file") {
    const TemporaryDirectory directory;
    const UniqueFd fd = open_file(directory.path() + "/disk", O_RDWR | O_CREAT);
    REQUIRE(::ftruncate(fd.get(), 4096) == 0);
    const Region region(fd, 1024, 1024, "slot 'b'");
    region.write(bytes_of("ab"), 1022);
    Bytes content(2);
    pread_exact(fd, content, 2046, "disk");
    CHECK(text_of(content) == "ab");
    region.part(512, 512, "part").read(content, 510);
    CHECK(text_of(content) == "ab");
}

TEST_CASE("nothing outside a region can be reached") {
    const TemporaryDirectory directory;
    const UniqueFd fd = open_file(directory.path() + "/disk", O_RDWR | O_CREAT);
    REQUIRE(::ftruncate(fd.get(), 4096) == 0);
    const Region region(fd, 1024, 1024, "slot 'b'");
    Bytes content(2);
    const std::uint64_t highest = std::numeric_limits<std::uint64_t>::max();
    for (const std::uint64_t offset : {std::uint64_t{1023}, std::uint64_t{1024}, highest}) {
        CAPTURE(offset);
        CHECK_THROWS_AS(region.read(content, offset), Error);
        CHECK_THROWS_AS(region.write(content, offset), Error);
        CHECK_THROWS_AS(region.part(offset, 2, "part"), Error);
    }
    CHECK_THROWS_AS(region.part(1, highest, "part"), Error);
}
