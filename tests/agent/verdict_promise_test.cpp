// SPDX-License-Identifier: Apache-2.0
#include "agent/steps/verdict_promise.hpp"
#include "base/file.hpp"
#include "support/catch.hpp"

using namespace quoin;

TEST_CASE("a promised verdict is waited for as long as it was promised") {
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/verdict-by";
    CHECK(verdict_still_promised(path).count() == 0);
    promise_verdict(path, std::chrono::hours(2));
    CHECK(verdict_still_promised(path) > std::chrono::minutes(119));
    CHECK(verdict_still_promised(path) <= std::chrono::hours(2));
    promise_verdict(path, std::chrono::seconds(0));
    CHECK(verdict_still_promised(path).count() == 0);
}

TEST_CASE("nothing is waited for on account of a damaged promise") {
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/verdict-by";
    for (const char* text : {"", "soon", "99999999999x", "99999999999999999999999", "-5"}) {
        CAPTURE(text);
        replace_file_durably(path, bytes_of(text));
        CHECK(verdict_still_promised(path).count() == 0);
    }
}
