// SPDX-License-Identifier: Apache-2.0
#include "early/patience.hpp"

#include <ctime>
#include <unistd.h>

namespace quoin::early {

static double now() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

Patience::Patience(double seconds) : deadline_(now() + seconds) {}

bool Patience::wait() const {
    if (now() >= deadline_)
        return false;
    ::usleep(20'000);
    return true;
}

} // namespace quoin::early
