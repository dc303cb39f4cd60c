// SPDX-License-Identifier: Apache-2.0
// For a service (quoin-watch.service): sleeps until dm-verity finds the root damaged. From then on
// nothing more may be readable from it, so no program is started and nothing is loaded.
#include "agent/steps/watch.hpp"

#include "agent/bootloaders/systemd_boot.hpp"
#include "agent/commands/commands.hpp"
#include "agent/steps/leave.hpp"
#include "agent/steps/observe.hpp"
#include "agent/steps/reboot.hpp"
#include "base/error.hpp"
#include "base/terminal.hpp"

namespace quoin::commands {

namespace {

constexpr unsigned patience = 600; // seconds for an install under way
constexpr const char* reason = "dm-verity found a block of its root that is not what was signed";

/// True when a reboot leads away from the damage.
bool leave_if_possible(const NodeOptions& options) {
    const Node node = Node::open(options, true);
    SystemdBoot loader(node.esp_directory());
    const BootReport boot = *node.boot_report();
    const AgentState state = AgentState::read(node.state_directory());
    switch (judge_corruption(way_back(observe(node, loader, state)))) {
    case CorruptionVerdict::reboot:
        return true;
    case CorruptionVerdict::leave:
        say_error("going back to version " + mark_bad(node, loader, boot, reason));
        return true;
    case CorruptionVerdict::stay:
        say_error("there is no confirmed system to go back to, staying up");
        return false;
    }
    return false;
}

} // namespace

void watch(const Invocation& invocation) {
    require_live(invocation, "watch");
    NodeOptions options = invocation.node;
    options.patience = patience;
    // Has the kernel load what mounting the ESP takes, as long as modules can be read.
    (void)Node::open(options, false);
    wait_for_corruption(root_device());
    say_error(std::string("the root is damaged: ") + reason);
    if (leave_if_possible(options))
        reboot_at_once();
}

} // namespace quoin::commands
