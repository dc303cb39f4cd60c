// SPDX-License-Identifier: Apache-2.0
#include "agent/steps/health_check.hpp"
#include "base/file.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <filesystem>

using namespace quoin;

namespace {

/// Directories of checks that leave marks in a file, so that their order shows.
class Checks {
  public:
    Checks() {
        for (const char* name : {"/image", "/host"})
            std::filesystem::create_directories(directory_.path() + name);
        checks_.directories = {directory_.path() + "/image", directory_.path() + "/host",
                               directory_.path() + "/missing"};
        checks_.environment = {{"MARKS", marks_path()}, {"QUOIN_VERSION", "2.0.0"}};
    }
    void add(const std::string& path, const std::string& script, mode_t mode = 0755) const {
        add_program(path, "#!/bin/sh\n" + script, mode);
    }
    void add_program(const std::string& path, const std::string& content,
                     mode_t mode = 0755) const {
        replace_file_durably(directory_.path() + "/" + path, bytes_of(content), mode);
    }
    [[nodiscard]] std::optional<std::string> run() const { return run_health_checks(checks_); }
    [[nodiscard]] std::string marks() const {
        return exists(marks_path()) ? read_text(marks_path()) : "";
    }
    HealthChecks& how() { return checks_; }

  private:
    [[nodiscard]] std::string marks_path() const { return directory_.path() + "/marks"; }
    TemporaryDirectory directory_;
    HealthChecks checks_;
};

} // namespace

TEST_CASE("checks of all directories run in the order of their names and know the release") {
    const Checks checks;
    checks.add("image/20-b", "echo b $QUOIN_VERSION >>$MARKS");
    checks.add("host/10-a", "echo a >>$MARKS");
    checks.add("host/README", "echo readme >>$MARKS", 0644);
    CHECK_FALSE(checks.run());
    CHECK(checks.marks() == "a\nb 2.0.0\n");
}

TEST_CASE("the host's check replaces the image's of the same name") {
    const Checks checks;
    checks.add("image/10-a", "echo image >>$MARKS");
    checks.add("host/10-a", "echo host >>$MARKS");
    CHECK_FALSE(checks.run());
    CHECK(checks.marks() == "host\n");
}

TEST_CASE("the first failed check is named and ends the run") {
    const Checks checks;
    checks.add("image/10-a", "exit 3");
    checks.add("image/20-b", "echo b >>$MARKS");
    CHECK(checks.run() == "check '10-a' exited with 3");
    CHECK(checks.marks().empty());
}

TEST_CASE("a check that is killed or cannot start has failed") {
    const Checks checks;
    checks.add("image/10-a", "kill -SEGV $$");
    CHECK(checks.run() == "check '10-a' was killed by signal 11");
    checks.add_program("image/10-a", "neither script nor program");
    CHECK(checks.run() == "check '10-a' did not run: cannot start: Exec format error");
}

TEST_CASE("a check that hangs is killed with what it started") {
    Checks checks;
    checks.how().timeout = std::chrono::seconds(1);
    checks.add("image/10-a", "sleep 3 && echo late >>$MARKS & sleep 600");
    const auto started = std::chrono::steady_clock::now();
    CHECK(checks.run() == "check '10-a' did not end within 1 s");
    CHECK(std::chrono::steady_clock::now() - started < std::chrono::seconds(30));
}

TEST_CASE("the deadline is for all checks together") {
    Checks checks;
    checks.how().deadline = std::chrono::seconds(1);
    checks.add("image/10-a", "sleep 600");
    CHECK(checks.run());
    checks.how().deadline = std::chrono::seconds(0);
    CHECK(checks.run() == "the checks did not end within 0 s; '10-a' was not run");
}
