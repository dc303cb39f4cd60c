// SPDX-License-Identifier: Apache-2.0
#include "agent/steps/health_check.hpp"

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/terminal.hpp"

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <map>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ; // NOLINT(readability-redundant-declaration): POSIX says: declare it yourself

namespace quoin {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

/// Name to path; the map sorts by name.
std::map<std::string, std::string> find_checks(const std::vector<std::string>& directories) {
    std::map<std::string, std::string> found;
    for (const std::string& directory : directories) {
        std::error_code problem;
        for (const auto& entry : fs::directory_iterator(directory, problem)) {
            const std::string path = entry.path().string();
            if (entry.is_regular_file(problem) && ::access(path.c_str(), X_OK) == 0)
                found[entry.path().filename().string()] = path;
        }
    }
    return found;
}

/// Our environment with the additions, as execve wants it.
class Environment {
  public:
    explicit Environment(const std::vector<std::pair<std::string, std::string>>& added) {
        for (char** entry = environ; *entry != nullptr; ++entry)
            texts_.emplace_back(*entry);
        for (const auto& [name, value] : added)
            texts_.push_back(name + "=" + value);
        for (std::string& text : texts_)
            pointers_.push_back(text.data());
        pointers_.push_back(nullptr);
    }
    [[nodiscard]] char* const* get() const { return pointers_.data(); }

  private:
    std::vector<std::string> texts_;
    std::vector<char*> pointers_;
};

/// In a process group of its own, so that all it starts can be killed with it.
pid_t start(const std::string& path, const Environment& environment) {
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    std::string program = path;
    char* const arguments[] = {program.data(), nullptr};
    pid_t child = -1;
    const int problem =
        ::posix_spawn(&child, path.c_str(), &actions, &attributes, arguments, environment.get());
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
    if (problem != 0)
        throw system_error("cannot start", problem);
    return child;
}

/// The wait status; nothing when it did not end in time and was killed.
std::optional<int> wait_for(pid_t child, std::chrono::milliseconds time) {
    const UniqueFd handle(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
    pollfd ended{handle.get(), POLLIN, 0};
    const auto end = Clock::now() + time;
    int ready = 0;
    do {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
        ready = ::poll(&ended, 1, static_cast<int>(std::max<long long>(left, 0)));
    } while (ready < 0 && errno == EINTR);
    // Also after an orderly end: nothing that a check started outlives it.
    ::kill(-child, SIGKILL);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return ready > 0 ? std::optional(status) : std::nullopt;
}

std::optional<std::string> run_one(const std::string& name, const std::string& path,
                                   const Environment& environment, std::chrono::milliseconds time) {
    const std::string what = "check '" + printable(name) + "' ";
    try {
        const auto status = wait_for(start(path, environment), time);
        if (!status)
            return what + "did not end within " + std::to_string(time.count() / 1000) + " s";
        if (WIFSIGNALED(*status))
            return what + "was killed by signal " + std::to_string(WTERMSIG(*status));
        if (WEXITSTATUS(*status) != 0)
            return what + "exited with " + std::to_string(WEXITSTATUS(*status));
    } catch (const Error& problem) {
        return what + "did not run: " + problem.what();
    }
    return std::nullopt;
}

} // namespace

const std::vector<std::string>& health_check_directories() {
    static const std::vector<std::string> directories = {"/usr/lib/quoin/health.d",
                                                         "/etc/quoin/health.d"};
    return directories;
}

std::optional<std::string> run_health_checks(const HealthChecks& checks) {
    const Environment environment(checks.environment);
    const auto end = Clock::now() + checks.deadline;
    for (const auto& [name, path] : find_checks(checks.directories)) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
        if (left.count() <= 0)
            return "the checks did not end within " + std::to_string(checks.deadline.count()) +
                   " s; '" + printable(name) + "' was not run";
        say_note("running check '" + printable(name) + "'");
        const auto time = std::min<std::chrono::milliseconds>(left, checks.timeout);
        if (auto failure = run_one(name, path, environment, time))
            return failure;
    }
    return std::nullopt;
}

} // namespace quoin
