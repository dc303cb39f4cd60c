// SPDX-License-Identifier: Apache-2.0
#include "disk/version_order.hpp"

#include "scratch.hpp"
#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace quoin;

namespace {

/// The specification's own list, oldest first.
const std::vector<std::string> specification_order = {
    "122.1",   "123~rc1-1", "123",     "123-a",   "123-a.1", "123-1",
    "123-1.1", "123^post1", "123.a-1", "123.1-1", "123a-1",  "124-1"};

const std::vector<std::string> awkward = {"",
                                          "~",
                                          "~~",
                                          "-",
                                          "^",
                                          ".",
                                          "..",
                                          "0",
                                          "00",
                                          "1",
                                          "01",
                                          "1.0",
                                          "1.",
                                          "1.0~",
                                          "1.0~a",
                                          "1.0-",
                                          "B",
                                          "a",
                                          "ab",
                                          "a1",
                                          "1a",
                                          "1_2",
                                          "12",
                                          "1+2",
                                          "1..2",
                                          "1.-2",
                                          "1~^2",
                                          "1.10",
                                          "1.9",
                                          "99999999999999999999999",
                                          "100000000000000000000000",
                                          "2026.11.22"};

} // namespace

TEST_CASE("versions are ordered as UAPI.10 lists them") {
    for (std::size_t i = 0; i < specification_order.size(); ++i)
        for (std::size_t j = 0; j < specification_order.size(); ++j) {
            CAPTURE(specification_order[i], specification_order[j]);
            CHECK((compare_versions(specification_order[i], specification_order[j]) == (i <=> j)));
        }
}

TEST_CASE("upper case sorts before lower case, and leading zeros do not count") {
    CHECK((compare_versions("B", "a") < 0));
    CHECK((compare_versions("1.007", "1.7") == 0));
    CHECK((compare_versions("1.0.0", "1.0") > 0));
    CHECK((compare_versions("99999999999999999999999", "100000000000000000000000") < 0));
}

TEST_CASE("the order of versions is the one of systemd-analyze") {
    const std::string program = test::find_program("systemd-analyze");
    if (program.empty())
        return;
    std::vector<std::string> versions = specification_order;
    versions.insert(versions.end(), awkward.begin(), awkward.end());
    // Neighbours only: every run of the program takes tens of milliseconds.
    for (std::size_t i = 0; i < versions.size(); ++i) {
        const std::string& left = versions[i];
        const std::string& right = versions[(i + 1) % versions.size()];
        CAPTURE(left, right);
        const auto result = run({program, "compare-versions", "--", left, right});
        const auto order = compare_versions(left, right);
        CHECK(result.status == (order < 0 ? 12 : order > 0 ? 11 : 0));
    }
}

TEST_CASE("versions are valid when labels and entry names can hold them") {
    for (const char* good :
         {"1", "1.0.0", "2026.11.22-1", "1.0~rc1", "1^post", "v1", "1234567890123456"})
        CHECK(is_valid_version(good));
    for (const char* bad : {"", ".1", "-1", "~1", "1_0", "1+0", "1/0", "1 0", "12345678901234567",
                            "1\n", "1\xc3\xa4"})
        CHECK_FALSE(is_valid_version(bad));
}

TEST_CASE("image ids are valid when no path and no long label can be made of them") {
    for (const char* good : {"node", "n", "edge-node-12", "a1234567890b"})
        CHECK(is_valid_image_id(good));
    for (const char* bad :
         {"", "1node", "-node", "Node", "a.b", "a_b", "a/b", "..", "a12345678901b"})
        CHECK_FALSE(is_valid_image_id(bad));
}
