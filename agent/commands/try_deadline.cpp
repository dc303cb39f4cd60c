// SPDX-License-Identifier: Apache-2.0
// For a timer (quoin-try-deadline.timer): a try that nobody judged in time is over. Rebooting needs
// no lock, since the one who holds it may be what hangs.
#include "agent/bootloaders/systemd_boot.hpp"
#include "agent/commands/commands.hpp"
#include "agent/steps/health_gate.hpp"
#include "agent/steps/reboot.hpp"
#include "agent/steps/verdict_promise.hpp"
#include "base/error.hpp"
#include "base/terminal.hpp"

#include <thread>
#include <unistd.h>

namespace quoin::commands {

namespace {

/// For what follows the deadline. Whoever hangs here is ended by SIGALRM, which the service counts
/// as a failure, and systemd reboots.
constexpr unsigned seconds_to_act = 600;

constexpr const char* failure = "nobody judged it before the deadline of a try";

GateAction foresee(const NodeOptions& options) {
    const Node node = Node::open(options, false);
    return foresee_gate(node, SystemdBoot(node.esp_directory()), *node.boot_report(), false);
}

void keep_failure(NodeOptions options) {
    options.patience = 0;
    try {
        const Node node = Node::open(options, true);
        SystemdBoot loader(node.esp_directory());
        (void)conclude_gate(node, loader, *node.boot_report(), failure);
    } catch (const Error& problem) {
        say_warning(std::string("cannot record why: ") + problem.what() + ", ignoring");
    }
}

} // namespace

void try_deadline(const Invocation& invocation) {
    require_live(invocation, "try-deadline");
    // Health checks may be allowed longer than the timer waited.
    while (const auto left = verdict_still_promised(verdict_promise_path).count())
        std::this_thread::sleep_for(std::chrono::seconds(left));
    ::alarm(seconds_to_act);
    if (foresee(invocation.node) != GateAction::reboot) {
        say_note("this boot is not a try with something to go back to: leaving it alone");
        return;
    }
    say_error(std::string("this boot is over: ") + failure + "; rebooting");
    keep_failure(invocation.node);
    reboot_node();
}

} // namespace quoin::commands
