// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"

#include "support/catch.hpp"

#include <cerrno>

using namespace quoin;

TEST_CASE("every error code has the exit code of the contract") {
    CHECK(exit_code(ErrorCode::failed) == 1);
    CHECK(exit_code(ErrorCode::usage) == 2);
    CHECK(exit_code(ErrorCode::refused) == 3);
    CHECK(exit_code(ErrorCode::nothing_to_do) == 4);
    CHECK(exit_code(ErrorCode::cancelled) == 1);
}

TEST_CASE("a system error ends with its cause") {
    CHECK(std::string(system_error("cannot write slot 'b'", ENOSPC).what()) ==
          "cannot write slot 'b': No space left on device");
}

TEST_CASE("context goes in front and the code stays") {
    try {
        in_context("reading manifest", []() -> int { throw refused("'id' is missing"); });
        FAIL("nothing was thrown");
    } catch (const Error& e) {
        CHECK(e.code() == ErrorCode::refused);
        CHECK(std::string(e.what()) == "reading manifest: 'id' is missing");
    }
    CHECK(in_context("adding", [] { return 1 + 1; }) == 2);
}
