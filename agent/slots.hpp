// SPDX-License-Identifier: Apache-2.0
// Which partitions are the two slots, and what do they say they hold? Pure.
#pragma once

#include "agent/node.hpp"

#include <array>
#include <string>

namespace quoin {

/// The first two pairs of root and root-verity partitions in number order: a, then b. Throws
/// Error(refused) naming `disk` when there are not two whole pairs of one architecture.
[[nodiscard]] std::array<Slot, 2> identify_slots(const GptTable& table, const std::string& disk);

} // namespace quoin
