// SPDX-License-Identifier: Apache-2.0
// Runs at every boot (quoin-health.service). The node is not held open while checks run: a check
// may ask the agent for its status.
#include "agent/steps/health_gate.hpp"

#include "agent/bootloaders/systemd_boot.hpp"
#include "agent/commands/commands.hpp"
#include "agent/configuration.hpp"
#include "agent/steps/health_check.hpp"
#include "agent/steps/panic_evidence.hpp"
#include "agent/steps/reboot.hpp"
#include "agent/steps/record_boot.hpp"
#include "agent/steps/verdict_promise.hpp"
#include "base/error.hpp"
#include "base/terminal.hpp"

namespace quoin::commands {

namespace {

/// An install that somebody started meanwhile must not keep a good boot from being confirmed.
constexpr unsigned patience = 600;        // seconds
constexpr unsigned time_to_conclude = 60; // seconds, for a slow medium

/// A try whose health is to be checked.
struct Try {
    BootReport boot;
    std::string version;
    std::optional<std::string> fault;
};

/// Records what became of the last update; the try, if this boot is one.
std::optional<Try> begin_gate(const NodeOptions& options) {
    const Node node = Node::open(options, true);
    SystemdBoot loader(node.esp_directory());
    const BootReport boot = *node.boot_report();
    if (record_boot(node, loader, boot, pstore_directories()) != BootVerdict::gate)
        return std::nullopt;
    return Try{boot, node.slot(boot.slot).version, boot_fault(node, boot)};
}

Configuration configuration_of(const NodeOptions& options) {
    return options.config.empty() ? read_default_configuration()
                                  : read_configuration({options.config});
}

std::optional<std::string> check(const Try& current, const NodeOptions& options) {
    if (current.fault)
        return current.fault;
    try {
        const Configuration configuration = configuration_of(options);
        HealthChecks checks;
        checks.directories = health_check_directories();
        checks.deadline = std::chrono::seconds(configuration.health_deadline);
        checks.timeout = std::chrono::seconds(configuration.health_timeout);
        promise_verdict(verdict_promise_path,
                        checks.deadline + std::chrono::seconds(patience + time_to_conclude));
        checks.environment = {{"QUOIN_VERSION", current.version},
                              {"QUOIN_ROOT_HASH", current.boot.root_hash.hex()},
                              {"QUOIN_SLOT", std::string(1, current.boot.slot)}};
        return run_health_checks(checks);
    } catch (const Error& problem) {
        return problem.what(); // a release with a broken configuration is a broken release
    }
}

GateAction end_gate(const Try& current, const NodeOptions& options,
                    const std::optional<std::string>& failure) {
    const Node node = Node::open(options, true);
    SystemdBoot loader(node.esp_directory());
    return conclude_gate(node, loader, current.boot, failure);
}

} // namespace

void health_gate(const Invocation& invocation) {
    require_live(invocation, "health-gate");
    NodeOptions options = invocation.node;
    options.patience = patience;
    const auto current = begin_gate(options);
    if (!current) {
        say_note("this boot is not a try: there is nothing to judge");
        return;
    }
    const auto failure = check(*current, options);
    switch (end_gate(*current, options, failure)) {
    case GateAction::none:
        say_note("somebody confirmed this boot meanwhile");
        return;
    case GateAction::confirm:
        say_note("version " + current->version + " is confirmed");
        return;
    case GateAction::reboot:
        say_error("version " + current->version + " failed: " + *failure + "; rebooting");
        reboot_node();
    case GateAction::stay:
        throw Error("version " + current->version + " failed: " + *failure +
                    "; there is no confirmed system to go back to, staying up");
    }
}

} // namespace quoin::commands
