// SPDX-License-Identifier: Apache-2.0
// A library for LD_PRELOAD: the wall clock is twenty years ahead. Files get the kernel's time
// still.
#include <ctime>
#include <dlfcn.h>
#include <sys/time.h>

namespace {

constexpr time_t ahead = 20 * 365 * 24 * 60 * 60;

template <typename Function>
Function* real(const char* name) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name)); // NOLINT
}

} // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* now) noexcept {
    static auto* const original = real<int(clockid_t, timespec*)>("clock_gettime");
    const int result = original(clock, now);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += ahead;
    return result;
}

int gettimeofday(timeval* now, void* zone) noexcept {
    static auto* const original = real<int(timeval*, void*)>("gettimeofday");
    const int result = original(now, zone);
    if (result == 0)
        now->tv_sec += ahead;
    return result;
}

time_t time(time_t* result) noexcept {
    static auto* const original = real<time_t(time_t*)>("time");
    const time_t now = original(nullptr) + ahead;
    if (result != nullptr)
        *result = now;
    return now;
}

} // extern "C"
