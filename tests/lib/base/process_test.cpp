// SPDX-License-Identifier: Apache-2.0
#include "base/process.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "support/catch.hpp"

#include <csignal>
#include <filesystem>
#include <poll.h>
#include <unistd.h>

using namespace quoin;
using Catch::Matchers::Contains;

TEST_CASE("both outputs and the status of a program are collected") {
    const ProcessResult result = run({"sh", "-c", "echo out; echo err >&2; exit 7"});
    CHECK(result.output == "out\n");
    CHECK(result.errors == "err\n");
    CHECK(result.status == 7);
}

TEST_CASE("a program killed by a signal has the status that shells give it") {
    CHECK(run({"sh", "-c", "kill -KILL $$"}).status == 128 + SIGKILL);
}

TEST_CASE("arguments reach a program as they are, without a shell") {
    CHECK(run_checked({"printf", "%s|", "a b", "$HOME", "*", "'"}) == "a b|$HOME|*|'|");
}

TEST_CASE("more output than a pipe holds, on both streams, does not block") {
    const ProcessResult result =
        run({"sh", "-c", "head -c 1000000 /dev/zero >&2; head -c 1000000 /dev/zero"});
    CHECK(result.output.size() == 1'000'000);
    CHECK(result.errors.size() == 64 << 10);
}

TEST_CASE("input is fed while output is read, and may be left unread") {
    ProcessOptions options;
    options.input = std::string(3'000'000, 'x');
    CHECK(run_checked({"cat"}, options) == options.input);
    CHECK(run({"true"}, options).status == 0);
    CHECK(run_checked({"cat"}).empty());
}

TEST_CASE("environment is added to ours and replaces what has its name") {
    ::setenv("QUOIN_KEPT", "kept", 1);
    ::setenv("QUOIN_REPLACED", "old", 1);
    ProcessOptions options;
    options.environment = {{"QUOIN_REPLACED", "new"}, {"QUOIN_ADDED", "added"}};
    CHECK(run_checked({"sh", "-c", "echo $QUOIN_KEPT $QUOIN_REPLACED $QUOIN_ADDED"}, options) ==
          "kept new added\n");
}

TEST_CASE("a program runs in the directory it is given") {
    ProcessOptions options;
    options.directory = "/usr";
    CHECK(run_checked({"pwd"}, options) == "/usr\n");
    options.directory = "/nonexistent";
    CHECK_THROWS_WITH(run({"pwd"}, options), Contains("cannot open '/nonexistent'"));
}

TEST_CASE("a missing program is named together with the package to install") {
    CHECK_THROWS_WITH(
        run({"quoin-no-such-program"}),
        "cannot run 'quoin-no-such-program': No such file or directory; install the package "
        "quoin-no-such-program");
    CHECK_THROWS_WITH(run({"/nonexistent/program"}),
                      "cannot run '/nonexistent/program': No such file or directory");
}

TEST_CASE("programs for administrators are found although PATH does not have them") {
    const std::string path = ::getenv("PATH");
    ::setenv("PATH", "/usr/bin:/bin", 1);
    CHECK(run({"ldconfig", "--version"}).status == 0);
    ::setenv("PATH", path.c_str(), 1);
}

TEST_CASE("a checked run that fails says why with the program's last words") {
    CHECK_THROWS_WITH(run_checked({"sh", "-c", "echo first >&2; echo last >&2; exit 3"}),
                      "'sh' failed with status 3: last");
    CHECK_THROWS_WITH(run_checked({"false"}), "'false' failed with status 1");
}

TEST_CASE("a child inherits no descriptor of ours") {
    const UniqueFd ours = open_file("/dev/null", O_RDONLY);
    const std::string number = std::to_string(ours.get());
    CHECK(run({"test", "-e", "/proc/self/fd/" + number}).status == 1);
}

TEST_CASE("a child starts with default signals although we ignore or block them") {
    const auto before = ::signal(SIGPIPE, SIG_IGN);
    sigset_t blocked;
    sigset_t old;
    ::sigemptyset(&blocked);
    ::sigaddset(&blocked, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &blocked, &old);
    const ProcessResult result = run({"sh", "-c", "kill -TERM $$; echo survived"});
    const ProcessResult piped = run({"sh", "-c", "kill -PIPE $$; echo survived"});
    ::sigprocmask(SIG_SETMASK, &old, nullptr);
    (void)::signal(SIGPIPE, before);
    CHECK(result.status == 128 + SIGTERM);
    CHECK(piped.status == 128 + SIGPIPE);
}

TEST_CASE("a streaming process is read while it runs") {
    const TemporaryDirectory directory;
    const std::string errors = directory.path() + "/errors";
    StreamingProcess process({"sh", "-c", "echo hello; echo trouble >&2; exit 5"}, errors);
    char buffer[16];
    CHECK(::read(process.output().get(), buffer, sizeof buffer) == 6);
    CHECK(process.wait() == 5);
    CHECK(read_text(errors) == "trouble\n");
}

TEST_CASE("a streaming process that is abandoned is gone afterwards") {
    const TemporaryDirectory directory;
    std::string pid;
    {
        const StreamingProcess process({"sh", "-c", "echo $$; exec sleep 1000"},
                                       directory.path() + "/errors");
        char buffer[16];
        const ssize_t size = ::read(process.output().get(), buffer, sizeof buffer);
        REQUIRE(size > 1);
        pid.assign(buffer, static_cast<std::size_t>(size) - 1);
        CHECK(exists("/proc/" + pid));
    }
    CHECK_FALSE(exists("/proc/" + pid));
}

TEST_CASE("a streaming process has a group of its own, which ends with it") {
    const TemporaryDirectory directory;
    const std::string errors = directory.path() + "/errors";
    StreamingProcess process({"sh", "-c", "kill -HUP 0; sleep 1000"}, errors);
    CHECK(process.wait() == 128 + SIGHUP); // and we are still here

    std::string grandchild;
    {
        const StreamingProcess parent({"sh", "-c", "sleep 1000 & echo $!; wait"}, errors);
        char buffer[16];
        const ssize_t size = ::read(parent.output().get(), buffer, sizeof buffer);
        REQUIRE(size > 1);
        grandchild.assign(buffer, static_cast<std::size_t>(size) - 1);
    }
    // Whoever adopts orphans may take its time to reap them.
    const auto is_running = [&] {
        const std::string state = run({"grep", "State:", "/proc/" + grandchild + "/status"}).output;
        return !state.empty() && state.find('Z') == std::string::npos;
    };
    for (int tries = 0; tries < 500 && is_running(); ++tries)
        ::poll(nullptr, 0, 10);
    CHECK_FALSE(is_running());
}
