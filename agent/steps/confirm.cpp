// SPDX-License-Identifier: Apache-2.0
#include "agent/steps/confirm.hpp"

#include "agent/boot_report.hpp"
#include "agent/steps/observe.hpp"
#include "agent/steps/record.hpp"
#include "base/error.hpp"

namespace quoin {

std::string confirm_running(const Node& node, BootLoader& loader,
                            const std::optional<BootReport>& boot) {
    AgentState state = AgentState::read(node.state_directory());
    const Observation seen = observe(node, loader, state, boot);
    if (!seen.running())
        throw refused("cannot confirm anything: no boot entry belongs to a slot");
    const ObservedSlot& running = seen.slot(*seen.running());
    const std::string what = std::string("slot '") + running.slot.name + "'";
    if (!running.listed())
        throw refused("cannot confirm " + what + ": its boot entry is not listed");
    if (!running.entry->name.counter)
        throw Error(ErrorCode::nothing_to_do,
                    what + " with version " + running.slot.version + " is confirmed already");
    loader.confirm(running.entry->name);
    if (node.live())
        forget_try();
    record_confirmed(state, running);
    state.write(node.state_directory());
    return running.slot.version;
}

} // namespace quoin
