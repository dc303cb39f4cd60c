// SPDX-License-Identifier: Apache-2.0
#include "early/machine_id.hpp"

#include "support/catch.hpp"

using namespace quoin::early;

TEST_CASE("a new machine-id has the bits of a version 4 UUID") {
    std::array<std::uint8_t, 16> random{};
    CHECK(machine_id_from(random) == "00000000000040008000000000000000");
    random.fill(0xff);
    CHECK(machine_id_from(random) == "ffffffffffff4fffbfffffffffffffff");
    CHECK(is_machine_id(machine_id_from(random)));
}

TEST_CASE("only 32 lower-case digits that are not all zero are a machine-id") {
    const std::string id = "4488ac29d7ac4148b8267c3a3cd041df";
    CHECK(is_machine_id(id));
    CHECK(is_machine_id(id + "\n"));
    CHECK_FALSE(is_machine_id(""));
    CHECK_FALSE(is_machine_id("uninitialized\n"));
    CHECK_FALSE(is_machine_id(id + "\n\n"));
    CHECK_FALSE(is_machine_id(id.substr(1)));
    CHECK_FALSE(is_machine_id(std::string(32, '0')));
    CHECK_FALSE(is_machine_id(std::string(32, '\0')));
    CHECK_FALSE(is_machine_id("4488AC29D7AC4148B8267C3A3CD041DF"));
}
