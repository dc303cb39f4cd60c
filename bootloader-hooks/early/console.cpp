// SPDX-License-Identifier: Apache-2.0
#include "early/console.hpp"

#include "base/fd.hpp"

#include <ctime>
#include <unistd.h>

namespace quoin::early {

static void write_line(const char* level, const std::string& text) {
    std::string line = "quoin: " + text + "\n";
    UniqueFd log(::open("/dev/kmsg", O_WRONLY | O_CLOEXEC));
    if (log)
        line.insert(0, level);
    // Before devtmpfs is mounted there is only what the kernel opened for us. Nobody is left to be
    // told when even that fails.
    (void)!::write(log ? log.get() : STDERR_FILENO, line.data(), line.size());
}

void say(const std::string& text) {
    write_line("<6>", text);
}

void say_failure(const std::string& text) {
    write_line("<3>", text);
}

std::string seconds_since_kernel_start() {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return std::to_string(now.tv_sec) + "." + std::to_string(now.tv_nsec / 100'000'000);
}

} // namespace quoin::early
