// SPDX-License-Identifier: Apache-2.0
// The handler sets one flag; work looks at it between files, blocks and stages. Programs that we
// run (mmdebstrap takes minutes) are told at once: waiting for one of them is no safe point. It
// uses async-signal-safe functions only.
#include "builder/interruption.hpp"

#include "base/terminal.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace quoin {
namespace {

std::atomic<bool> interrupted = false;
static_assert(std::atomic<bool>::is_always_lock_free); // for the handler

/// Written before the handler is installed, then only read.
std::array<char, 64> children_path{};

/// Sends `number` to every child of the main thread, which is the one that starts programs.
void tell_children(int number) {
    const int fd = ::open(children_path.data(), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    std::array<char, 256> text{}; // "1234 1235 ": a build runs one program at a time
    const ssize_t size = ::read(fd, text.data(), text.size());
    ::close(fd);
    pid_t pid = 0;
    for (ssize_t i = 0; i < size; ++i) {
        const char c = text[static_cast<std::size_t>(i)];
        if (c >= '0' && c <= '9') {
            pid = pid * 10 + (c - '0');
            continue;
        }
        if (pid > 0 && ::kill(-pid, number) != 0) // with its group, where it leads one
            ::kill(pid, number);
        pid = 0;
    }
}

void mark_interrupted(int number) {
    const int saved = errno;
    interrupted = true;
    tell_children(number);
    errno = saved;
}

} // namespace

void catch_interruptions() {
    *fmt::format_to(children_path.begin(), "/proc/self/task/{}/children", ::getpid()) = '\0';
    struct sigaction action = {};
    action.sa_handler = mark_interrupted;
    sigemptyset(&action.sa_mask);
    // No SA_RESTART: a blocked read returns, and its loop can come to a safe point.
    for (const int number : {SIGINT, SIGTERM, SIGHUP})
        sigaction(number, &action, nullptr);
    action.sa_handler = SIG_IGN;
    sigaction(SIGXFSZ, &action, nullptr);
}

void check_interruption() {
    if (interrupted)
        throw Error(ErrorCode::cancelled, "interrupted; nothing was left behind");
}

StageProgress::StageProgress(const std::string& label) : line_(label, progress_wanted()) {}

ProgressObserver StageProgress::observer() {
    return [this](std::uint64_t done, std::uint64_t whole) {
        check_interruption();
        line_.update(done, whole);
    };
}

} // namespace quoin
