// SPDX-License-Identifier: Apache-2.0
// A slot's entries in the partition table: emptied before it is written, named when it is proven.
#pragma once

#include "agent/node.hpp"
#include "bundle/manifest.hpp"

namespace quoin {

/// Labels "_empty" and UUIDs that no root hash has, so that nothing finds the slot by them. Does
/// nothing when it is so already. Re-reads the node's table.
void empty_slot(Node& node, char slot);

/// Labels and UUIDs of the release: from here on early userspace finds the slot by its root hash.
/// Nothing starts it yet. Re-reads the node's table.
void name_slot(Node& node, char slot, const Manifest& manifest);

} // namespace quoin
