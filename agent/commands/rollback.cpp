// SPDX-License-Identifier: Apache-2.0
#include "agent/bootloaders/systemd_boot.hpp"
#include "agent/commands/commands.hpp"
#include "agent/steps/leave.hpp"
#include "agent/steps/reboot.hpp"

#include <nlohmann/json.hpp>

namespace quoin::commands {

void rollback(const Invocation& invocation) {
    if (invocation.reboot)
        require_live(invocation, "--reboot");
    std::string version;
    {
        const Node node = Node::open(invocation.node, true);
        SystemdBoot loader(node.esp_directory());
        version = roll_back(node, loader, node.boot_report());
    }
    if (invocation.json)
        print(nlohmann::json{{"version", version}}.dump() + "\n");
    else
        report("version " + version + " starts at the next boot");
    if (invocation.reboot)
        reboot_node();
}

} // namespace quoin::commands
