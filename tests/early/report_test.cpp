// SPDX-License-Identifier: Apache-2.0
#include "early/report.hpp"

#include "support/catch.hpp"

using namespace quoin::early;

TEST_CASE("the report has the fields that the agent reads") {
    const BootReport report{.slot = 'b',
                            .root_hash = "00ff",
                            .disk = "/dev/vda",
                            .esp = "/dev/vda1",
                            .data = "/dev/vda6",
                            .counted = true,
                            .data_mounted = true,
                            .notes = {"one", "two"}};
    CHECK(to_json(report) ==
          R"({"slot":"b","root_hash":"00ff","disk":"/dev/vda","esp":"/dev/vda1",)"
          R"("data":"/dev/vda6","counted":true,"data_mounted":true,"notes":["one","two"]})"
          "\n");
}

TEST_CASE("a report without notes has an empty list") {
    CHECK_THAT(to_json({}), Catch::Matchers::Contains(R"("notes":[]})"));
}

TEST_CASE("names with quotes, control characters and foreign bytes stay valid JSON") {
    const BootReport report{.notes = {"a \"b\" \\ \n \x7f \xff"}};
    CHECK_THAT(to_json(report),
               Catch::Matchers::Contains(R"(["a \"b\" \\ \u000a \u007f \u00ff"])"));
}
