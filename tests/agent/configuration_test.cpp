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

TEST_CASE("a number out of its range is told with the range") {
    for (const char* value : {"0", "-1", "2147483648", "\"4G\"", "\"64 K\"", "true"}) {
        INFO(value);
        CHECK_THAT(mistake_in(std::string("[fetch]\nminimum_rate = ") + value + "\n"),
                   Contains(":2:16: 'minimum_rate' is not a size") &&
                       EndsWith("expected 1 to 2147483647 bytes, like 65536 or \"64K\""));
    }
    for (const char* value : {"0", "2147483648", "\"600000h\"", "\"5m\""}) {
        INFO(value);
        CHECK_THAT(mistake_in(std::string("[fetch]\nstall = ") + value + "\n"),
                   Contains(":2:9: 'stall' is not a duration") &&
                       EndsWith("expected 1 to 2147483647 seconds, like 300 or \"5min\""));
    }
    const ConfigurationFile largest("[fetch]\nminimum_rate = 2147483647\n");
    CHECK(read_configuration({largest.path()}).fetch_minimum_rate == 2147483647);
}

TEST_CASE("a maximum rate below the minimum is a mistake in the place where it was said last") {
    const char* said = "'maximum_rate' is lower than 'minimum_rate', expected at least ";
    CHECK_THAT(mistake_in("[fetch]\nmaximum_rate = 255\n"),
               Contains("agent.toml:2:16: ") && EndsWith(said + std::string("256")));
    CHECK_THAT(mistake_in("[fetch]\nmaximum_rate = 300\nminimum_rate = 400\n"),
               Contains("agent.toml:2:16: ") && EndsWith(said + std::string("400")));
    const ConfigurationFile image("[fetch]\nmaximum_rate = 300\n");
    const ConfigurationFile host("\n[fetch]\nminimum_rate = 400\n");
    const ConfigurationFile other("[health]\ntimeout = 20\n");
    CHECK_THROWS_WITH(read_configuration({image.path(), host.path(), other.path()}),
                      host.path() + ":3:16: " + said + "400");
    const ConfigurationFile higher("[fetch]\nmaximum_rate = 400\n");
    CHECK_NOTHROW(read_configuration({image.path(), host.path(), higher.path()}));
}

TEST_CASE("a path from the working directory is a mistake") {
    for (const std::string key : {"headers", "certificates"}) {
        INFO(key);
        CHECK_THAT(mistake_in("[fetch]\n" + key + " = \"ca.crt\"\n"),
                   Contains("agent.toml:2:") &&
                       EndsWith(": '" + key + "' is not an absolute path"));
        CHECK(mistake_in("[fetch]\n" + key + " = \"/ca.crt\"\n") == "none");
        CHECK(mistake_in("[fetch]\n" + key + " = \"\"\n") == "none");
    }
}

TEST_CASE("a proxy of a scheme that nobody speaks is a mistake, told without its password") {
    CHECK_THAT(mistake_in("[fetch]\nproxy = \"foo://me:secret@x\"\n"),
               Contains("agent.toml:2:9: 'proxy' ") && !Contains("secret") &&
                   EndsWith("expected http, https, socks4, socks4a, socks5 or socks5h"));
    for (const char* proxy :
         {"", "proxy.example", "proxy.example:3128", "http://proxy.example", "HTTP://a",
          "https://a", "socks4://a", "socks4a://a", "socks5://a", "socks5h://me:word@a:1080"}) {
        INFO(proxy);
        CHECK(mistake_in(std::string("[fetch]\nproxy = \"") + proxy + "\"\n") == "none");
    }
}
