// SPDX-License-Identifier: Apache-2.0
// One agent that changes anything at a time.
#pragma once

#include "base/fd.hpp"

#include <string>

namespace quoin {

/// Takes STATE/lock, creating the directory when it is missing; held until the descriptor is
/// closed. Says so when it waits. Throws Error(failed) "another quoin-agent is at work (pid 42)"
/// when somebody has it and does not release it within `patience` seconds.
[[nodiscard]] UniqueFd lock_state(const std::string& directory, unsigned patience);

} // namespace quoin
