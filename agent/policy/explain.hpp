// SPDX-License-Identifier: Apache-2.0
// Why things are as they are, in sentences for `status`. Pure.
#pragma once

#include "agent/policy/observation.hpp"
#include "agent/state.hpp"

#include <string>

namespace quoin {

/// "slot 'b' with version 2.0.0: it is newer and has 3 tries left"
[[nodiscard]] std::string explain_next(const Observation& seen);

/// How the last update ended, or how far the one under way has come.
[[nodiscard]] std::string explain_last_update(const Observation& seen, const AgentState& state);

/// What happened, from what to what and why, without the time.
[[nodiscard]] std::string explain_record(const HistoryRecord& record);

} // namespace quoin
