// SPDX-License-Identifier: Apache-2.0
#include "agent/steps/reboot.hpp"

#include "agent/steps/journal.hpp"
#include "base/error.hpp"
#include "base/process.hpp"
#include "base/terminal.hpp"

#include <sys/reboot.h>
#include <unistd.h>

namespace quoin {

namespace {

/// An orderly shutdown takes at most 90 s for each service that does not end.
constexpr unsigned orderly_seconds = 180;
constexpr unsigned forced_seconds = 60;

/// True when systemd took the order.
bool ask_systemd(const std::vector<std::string>& argv) {
    try {
        run_checked(argv);
        return true;
    } catch (const Error& problem) {
        say_warning(std::string(problem.what()) + ", trying harder");
        return false;
    }
}

} // namespace

void reboot_at_once() {
    sync_journal();
    ::sync();
    ::reboot(RB_AUTOBOOT);
    throw system_error("cannot reboot");
}

void reboot_node() {
    sync_journal();
    ::sync();
    if (ask_systemd({"systemctl", "reboot"}))
        ::sleep(orderly_seconds);
    if (ask_systemd({"systemctl", "reboot", "--force"}))
        ::sleep(forced_seconds);
    reboot_at_once();
}

} // namespace quoin
