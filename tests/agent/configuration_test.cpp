// SPDX-License-Identifier: Apache-2.0
#include "agent/configuration.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "support/catch.hpp"

using namespace quoin;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;

namespace {

class ConfigurationFile {
  public:
    explicit ConfigurationFile(const std::string& text) : path_(directory_.path() + "/agent.toml") {
        replace_file_durably(path_, bytes_of(text));
    }
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    TemporaryDirectory directory_;
    std::string path_;
};

std::string mistake_in(const std::string& text) {
    const ConfigurationFile file(text);
    try {
        (void)read_configuration({file.path()});
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::usage);
        return error.what();
    }
    return "none";
}

} // namespace

TEST_CASE("the shipped configuration states the defaults") {
    const Configuration shipped =
        read_configuration({QUOIN_SOURCE_DIRECTORY "/configs/agent.toml"});
    const Configuration defaults;
    CHECK(shipped.health_deadline == defaults.health_deadline);
    CHECK(shipped.health_timeout == defaults.health_timeout);
}

TEST_CASE("a later file overrides key by key") {
    const ConfigurationFile image("[health]\ndeadline = \"8min\"\ntimeout = 20\n");
    const ConfigurationFile host("[health]\ntimeout = \"2min\"\n");
    const Configuration read = read_configuration({image.path(), host.path()});
    CHECK(read.health_deadline == 480);
    CHECK(read.health_timeout == 120);
}

TEST_CASE("mistakes are reported with their place and what was expected") {
    CHECK_THAT(mistake_in("[health]\ndedline = 3\n"),
               Contains("agent.toml:2:1: unknown key 'dedline' in [health]") &&
                   EndsWith("expected 'deadline', 'timeout'"));
    CHECK_THAT(mistake_in("[healthy]\n"), Contains(":1:") && Contains("unknown key 'healthy'"));
    CHECK_THAT(mistake_in("health = 3\n"), Contains("unknown key 'health'"));
    CHECK_THAT(mistake_in("[health]\ntimeout = \"soon\"\n"),
               Contains(":2:11: 'timeout' is not a duration"));
    CHECK_THAT(mistake_in("[health]\ntimeout = 0\n"), Contains("not a duration"));
    CHECK_THAT(mistake_in("[health]\ntimeout = -1\n"), Contains("not a duration"));
    CHECK_THAT(mistake_in("[health\n"), Contains("agent.toml:1:"));
}
