// SPDX-License-Identifier: Apache-2.0
#include "agent/steps/health_gate.hpp"

#include "agent/steps/confirm.hpp"
#include "agent/steps/observe.hpp"

namespace quoin {

namespace {

/// A try that somebody confirmed meanwhile is none any more.
bool is_unconfirmed_try(const Observation& seen, const BootReport& boot) {
    const ObservedSlot& running = seen.slot(boot.slot);
    return boot.counted && running.state != SlotState::confirmed;
}

GateFacts gate_facts(const Observation& seen, const BootReport& boot, bool passed) {
    return {passed, is_unconfirmed_try(seen, boot),
            seen.other(boot.slot).state == SlotState::confirmed};
}

} // namespace

std::optional<std::string> boot_fault(const Node& node, const BootReport& boot) {
    if (node.slot(boot.slot).root_hash != boot.root_hash)
        return std::string("slot '") + boot.slot + "' does not hold the system that runs";
    if (!boot.data_mounted)
        return "the data partition is not mounted";
    return std::nullopt;
}

GateAction foresee_gate(const Node& node, const BootLoader& loader, const BootReport& boot,
                        bool passed) {
    const AgentState state = AgentState::read(node.state_directory());
    return judge_gate(gate_facts(observe(node, loader, state, boot), boot, passed));
}

GateAction conclude_gate(const Node& node, BootLoader& loader, const BootReport& boot,
                         const std::optional<std::string>& failure) {
    AgentState state = AgentState::read(node.state_directory());
    const Observation seen = observe(node, loader, state, boot);
    const GateAction action = judge_gate(gate_facts(seen, boot, !failure));
    if (action == GateAction::confirm)
        (void)confirm_running(node, loader, boot);
    if (failure && state.attempt && state.attempt->to_root_hash == boot.root_hash.hex()) {
        state.attempt->failure = failure;
        state.write(node.state_directory());
    }
    return action;
}

} // namespace quoin
