// SPDX-License-Identifier: Apache-2.0
#include "agent/steps/cancel.hpp"

#include "base/error.hpp"

#include <atomic>

namespace quoin {

namespace {

std::atomic<bool> signalled{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may only use such");

void on_signal(int) {
    signalled = true;
}

} // namespace

CancelOnSignal::CancelOnSignal() {
    signalled = false;
    struct sigaction action {};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART; // the flag is asked for often enough
    ::sigaction(SIGINT, &action, &interrupt_);
    ::sigaction(SIGTERM, &action, &terminate_);
}

CancelOnSignal::~CancelOnSignal() {
    ::sigaction(SIGINT, &interrupt_, nullptr);
    ::sigaction(SIGTERM, &terminate_, nullptr);
}

bool CancelOnSignal::requested() const {
    return signalled;
}

void CancelOnSignal::check() const {
    if (signalled)
        throw Error(ErrorCode::cancelled, "cancelled by a signal");
}

} // namespace quoin
