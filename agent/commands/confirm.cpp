// SPDX-License-Identifier: Apache-2.0
#include "agent/steps/confirm.hpp"

#include "agent/bootloaders/systemd_boot.hpp"
#include "agent/commands/commands.hpp"

#include <nlohmann/json.hpp>

namespace quoin::commands {

void confirm(const Invocation& invocation) {
    const Node node = Node::open(invocation.node, true);
    SystemdBoot loader(node.esp_directory());
    const std::string version = confirm_running(node, loader, node.boot_report());
    if (invocation.json)
        print(nlohmann::json{{"version", version}}.dump() + "\n");
    else
        report("version " + version + " is confirmed");
}

} // namespace quoin::commands
