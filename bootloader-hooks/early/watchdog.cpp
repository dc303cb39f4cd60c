// SPDX-License-Identifier: Apache-2.0
#include "early/watchdog.hpp"

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/file.hpp"

#include <linux/watchdog.h>
#include <sys/ioctl.h>

namespace quoin::early {

std::vector<std::string> arm_watchdog(int seconds) {
    const std::string path = "/dev/watchdog";
    if (!exists(path))
        return {};
    const UniqueFd watchdog(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!watchdog)
        return {system_error("cannot arm the watchdog").what()};
    std::vector<std::string> notes;
    if (::ioctl(watchdog.get(), WDIOC_SETTIMEOUT, &seconds) != 0)
        notes.emplace_back(
            system_error("cannot give the watchdog " + std::to_string(seconds) + " s").what());
    // Closed without the letter 'V', it goes on counting; held open, systemd could not take it.
    return notes;
}

} // namespace quoin::early
