// SPDX-License-Identifier: Apache-2.0
#include "base/process.hpp"

#include "base/error.hpp"
#include "base/file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ; // NOLINT(readability-redundant-declaration): POSIX says: declare it yourself

namespace quoin {

static constexpr std::size_t max_errors_kept = 64 << 10;
/// What a program gets for tidying up after SIGTERM before it is killed, and what its group gets,
/// which may be removing a whole root.
static constexpr int milliseconds_to_end = 5000;
static constexpr int milliseconds_for_group = 60'000;

/// Debian's package of a program, where the two are named differently.
static std::string package_of(const std::string& program) {
    static constexpr std::array<std::pair<const char*, const char*>, 9> packages{{
        {"fsck.fat", "dosfstools"},
        {"mkfs.vfat", "dosfstools"},
        {"mkfs.ext4", "e2fsprogs"},
        {"mcopy", "mtools"},
        {"mmd", "mtools"},
        {"sbsign", "sbsigntool"},
        {"qemu-img", "qemu-utils"},
        {"qemu-system-x86_64", "qemu-system-x86"},
        {"qemu-system-aarch64", "qemu-system-arm"},
    }};
    for (const auto& [name, package] : packages)
        if (program == name)
            return package;
    return program;
}

std::string program_path(const std::string& program) {
    if (program.find('/') != std::string::npos)
        return program;
    const char* path = ::getenv("PATH");
    std::string directories = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
    directories += ":/usr/local/sbin:/usr/sbin:/sbin";
    for (std::size_t start = 0; start <= directories.size();) {
        const std::size_t end = std::min(directories.find(':', start), directories.size());
        const std::string directory = directories.substr(start, end - start);
        const std::string candidate = (directory.empty() ? "." : directory) + "/" + program;
        if (::access(candidate.c_str(), X_OK) == 0)
            return candidate;
        start = end + 1;
    }
    throw Error("cannot run '" + program + "': " + std::strerror(ENOENT) +
                "; install the package " + package_of(program));
}

/// Our environment, with `changes` over it.
static std::vector<std::string>
environment_with(const std::vector<std::pair<std::string, std::string>>& changes) {
    std::vector<std::string> variables;
    for (char** variable = environ; *variable != nullptr; ++variable) {
        const std::string_view text = *variable;
        const auto is_changed = [&](const auto& change) {
            return text.substr(0, text.find('=')) == change.first;
        };
        if (std::ranges::none_of(changes, is_changed))
            variables.emplace_back(text);
    }
    for (const auto& [name, value] : changes)
        variables.push_back(name + "=" + value);
    return variables;
}

static std::vector<char*> pointers_to(std::vector<std::string>& strings) {
    std::vector<char*> pointers;
    for (std::string& text : strings)
        pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

enum class ProcessGroup { ours, own };

/// posix_spawn's two parameter objects.
struct SpawnSetup {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;

    explicit SpawnSetup(ProcessGroup group) {
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawnattr_init(&attributes);
        // The child starts with default signals, whatever we block or ignore.
        sigset_t signals;
        ::sigemptyset(&signals);
        ::posix_spawnattr_setsigmask(&attributes, &signals);
        for (const int number : {SIGPIPE, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXFSZ})
            ::sigaddset(&signals, number);
        ::posix_spawnattr_setsigdefault(&attributes, &signals);
        int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
        if (group == ProcessGroup::own)
            flags |= POSIX_SPAWN_SETPGROUP; // to 0 by default: the child leads it
        ::posix_spawnattr_setflags(&attributes, static_cast<short>(flags));
    }
    SpawnSetup(const SpawnSetup&) = delete;
    SpawnSetup& operator=(const SpawnSetup&) = delete;
    ~SpawnSetup() {
        ::posix_spawn_file_actions_destroy(&actions);
        ::posix_spawnattr_destroy(&attributes);
    }
};

/// Starts argv with the three descriptors as its standard ones; everything else is close-on-exec.
static pid_t spawn(const std::vector<std::string>& argv, const ProcessOptions& options, FdRef input,
                   FdRef output, FdRef errors, ProcessGroup group) {
    const std::string& program = argv.at(0);
    const std::string path = program_path(program);
    SpawnSetup setup(group);
    ::posix_spawn_file_actions_adddup2(&setup.actions, input.get(), STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&setup.actions, output.get(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&setup.actions, errors.get(), STDERR_FILENO);
    if (!options.directory.empty()) {
        // Checked here, since a failure in the child would blame the program.
        (void)open_file(options.directory, O_PATH | O_DIRECTORY);
        ::posix_spawn_file_actions_addchdir_np(&setup.actions, options.directory.c_str());
    }
    std::vector<std::string> arguments = argv;
    std::vector<std::string> environment = environment_with(options.environment);
    pid_t pid = -1;
    const int error = ::posix_spawn(&pid, path.c_str(), &setup.actions, &setup.attributes,
                                    pointers_to(arguments).data(), pointers_to(environment).data());
    if (error != 0)
        throw system_error("cannot run '" + program + "'", error);
    return pid;
}

/// Waits for the end; the exit status, 128 + signal when killed.
static int reap(pid_t pid) {
    int status = 0;
    pid_t ended = -1;
    do
        ended = ::waitpid(pid, &status, 0);
    while (ended < 0 && errno == EINTR);
    if (ended < 0)
        throw system_error("cannot wait for a child process");
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/// Whether the child ends in that time. It is still to be reaped.
static bool ends_within(pid_t pid, int milliseconds) {
    for (int waited = 0; waited < milliseconds; waited += 10) {
        siginfo_t ended{};
        if (::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOHANG | WNOWAIT) != 0 ||
            ended.si_pid == pid)
            return true; // or somebody else reaped it
        ::poll(nullptr, 0, 10);
    }
    return false;
}

/// Asks, waits a little, then kills, with what is left of a group. Leaves no zombie.
static void end_process(pid_t pid, ProcessGroup group) noexcept {
    const pid_t all = group == ProcessGroup::own ? -pid : pid;
    ::kill(pid, SIGTERM);
    if (!ends_within(pid, milliseconds_to_end) && group == ProcessGroup::own) {
        ::kill(all, SIGTERM);
        (void)ends_within(pid, milliseconds_for_group);
    }
    ::kill(all, SIGKILL);
    try {
        (void)reap(pid);
    } catch (const Error&) {
        // Somebody else reaped it: gone is what was wanted.
    }
}

/// Ends the child when collecting its output fails half-way.
struct ChildGuard {
    pid_t pid;
    ~ChildGuard() {
        if (pid > 0)
            end_process(pid, ProcessGroup::ours);
    }
};

struct Pipe {
    UniqueFd reading;
    UniqueFd writing;

    Pipe() {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0)
            throw system_error("cannot create a pipe");
        reading = UniqueFd(ends[0]);
        writing = UniqueFd(ends[1]);
    }
};

/// A file in memory rather than a pipe: it cannot fill up while we wait for output, and a program
/// that does not read its input costs no SIGPIPE.
static UniqueFd standard_input_of(const std::string& content) {
    if (content.empty())
        return open_file("/dev/null", O_RDONLY);
    UniqueFd fd(::memfd_create("standard input", MFD_CLOEXEC));
    if (!fd)
        throw system_error("cannot create a file in memory");
    pwrite_all(fd, bytes_of(content), 0, "standard input");
    return fd;
}

/// Appends what can be read now; closes `fd` at the end of the stream.
static void drain(UniqueFd& fd, std::string& collected) {
    char buffer[64 << 10];
    const ssize_t n = ::read(fd.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR)
        return;
    if (n < 0)
        throw system_error("cannot read from a pipe");
    if (n == 0)
        fd.reset();
    collected.append(buffer, static_cast<std::size_t>(n));
}

ProcessResult run(const std::vector<std::string>& argv, const ProcessOptions& options) {
    Pipe output;
    Pipe errors;
    ChildGuard child{spawn(argv, options, standard_input_of(options.input), output.writing,
                           errors.writing, ProcessGroup::ours)};
    output.writing.reset();
    errors.writing.reset();

    ProcessResult result;
    while (output.reading || errors.reading) {
        // poll(2) passes over negative descriptors.
        std::array<pollfd, 2> polled{
            {{output.reading.get(), POLLIN, 0}, {errors.reading.get(), POLLIN, 0}}};
        if (::poll(polled.data(), polled.size(), -1) < 0) {
            if (errno == EINTR)
                continue;
            throw system_error("cannot wait for output of '" + argv[0] + "'");
        }
        if (polled[0].revents != 0)
            drain(output.reading, result.output);
        if (polled[1].revents != 0)
            drain(errors.reading, result.errors);
        if (result.errors.size() > max_errors_kept)
            result.errors.erase(0, result.errors.size() - max_errors_kept);
    }
    result.status = reap(std::exchange(child.pid, -1));
    return result;
}

static std::string last_line_of(std::string text) {
    text.erase(text.find_last_not_of("\r\n \t") + 1);
    const std::size_t newline = text.find_last_of("\r\n");
    return newline == std::string::npos ? text : text.substr(newline + 1);
}

std::string run_checked(const std::vector<std::string>& argv, const ProcessOptions& options) {
    ProcessResult result = run(argv, options);
    if (result.status == 0)
        return std::move(result.output);
    const std::string cause = last_line_of(result.errors);
    throw Error("'" + argv[0] + "' failed with status " + std::to_string(result.status) +
                (cause.empty() ? "" : ": " + cause));
}

StreamingProcess::StreamingProcess(const std::vector<std::string>& argv,
                                   const std::string& error_file, const ProcessOptions& options) {
    Pipe output;
    const UniqueFd errors = open_file(error_file, O_WRONLY | O_CREAT | O_TRUNC);
    pid_ = spawn(argv, options, standard_input_of(""), output.writing, errors, ProcessGroup::own);
    output_ = std::move(output.reading);
}

StreamingProcess::~StreamingProcess() {
    output_.reset(); // a writer that hangs on a full pipe wakes up
    if (pid_ > 0)
        end_process(pid_, ProcessGroup::own);
}

int StreamingProcess::wait() {
    return reap(std::exchange(pid_, -1));
}

} // namespace quoin
