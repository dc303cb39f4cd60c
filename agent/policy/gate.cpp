// SPDX-License-Identifier: Apache-2.0
#include "agent/policy/gate.hpp"

namespace quoin {

GateAction judge_gate(const GateFacts& facts) {
    if (!facts.counted)
        return facts.passed ? GateAction::none : GateAction::stay;
    if (facts.passed)
        return GateAction::confirm;
    return facts.other_confirmed ? GateAction::reboot : GateAction::stay;
}

} // namespace quoin
