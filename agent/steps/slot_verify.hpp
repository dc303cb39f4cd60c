// SPDX-License-Identifier: Apache-2.0
// Is what the medium holds in a slot still what its root hash says? Reads past the page cache.
#pragma once

#include "agent/node.hpp"

#include <optional>
#include <string>

namespace quoin {

/// Compares data and hash tree of a slot with its root hash. Nothing when it is intact, else what
/// is wrong with it: "its data does not have the root hash of its name", "cannot read …". Reads the
/// whole slot: seconds. An empty slot is not intact.
[[nodiscard]] std::optional<std::string> slot_damage(const Node& node, const Slot& slot);

} // namespace quoin
