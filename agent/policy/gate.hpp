// SPDX-License-Identifier: Apache-2.0
// What follows from the health gate. Pure and total.
#pragma once

namespace quoin {

struct GateFacts {
    bool passed = false;
    bool counted = false;         ///< this boot used up a try
    bool other_confirmed = false; ///< a confirmed system is there to go back to
};

enum class GateAction {
    none,    ///< not a try: there is nothing to confirm
    confirm, ///< the system is good
    reboot,  ///< use up a try; when none is left the loader goes back by itself
    stay,    ///< rebooting would not help: report and stay up
};

/// Rebooting is for counted tries with something to go back to, never else: a network outage must
/// not reboot a fleet.
[[nodiscard]] GateAction judge_gate(const GateFacts& facts);

} // namespace quoin
