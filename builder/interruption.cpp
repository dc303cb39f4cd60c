// SPDX-License-Identifier: Apache-2.0
// The handler sets one flag; work looks at it between files, blocks and stages.
#include "builder/interruption.hpp"

#include "base/error.hpp"
#include "base/terminal.hpp"

#include <csignal>

namespace quoin {
namespace {

volatile std::sig_atomic_t interrupted = 0;

void mark_interrupted(int) {
    interrupted = 1;
}

} // namespace

void catch_interruptions() {
    struct sigaction action = {};
    action.sa_handler = mark_interrupted;
    sigemptyset(&action.sa_mask);
    // No SA_RESTART: a blocked read returns, and its loop can come to a safe point.
    for (const int number : {SIGINT, SIGTERM, SIGHUP})
        sigaction(number, &action, nullptr);
}

void check_interruption() {
    if (interrupted != 0)
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
