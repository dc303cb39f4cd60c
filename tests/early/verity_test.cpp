// SPDX-License-Identifier: Apache-2.0
#include "early/verity.hpp"

#include "support/catch.hpp"

using namespace quoin::early;

TEST_CASE("the table is the one that the kernel's documentation describes") {
    const CommandLine line{.root_hash = "aa", .salt = "bb", .blocks = 7};
    CHECK(verity_parameters(line, "/dev/vda2", "/dev/vda3", OnCorruption::fail) ==
          "1 /dev/vda2 /dev/vda3 4096 4096 7 1 sha256 aa bb");
}

TEST_CASE("a counted try restarts on corruption") {
    const CommandLine line{.root_hash = "aa", .salt = "bb", .blocks = 7};
    CHECK(verity_parameters(line, "/dev/vda2", "/dev/vda3", OnCorruption::restart) ==
          "1 /dev/vda2 /dev/vda3 4096 4096 7 1 sha256 aa bb 1 restart_on_corruption");
}
