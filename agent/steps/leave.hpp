// SPDX-License-Identifier: Apache-2.0
// Leaving the running system for the other slot's, from the next boot on.
#pragma once

#include "agent/bootloaders/boot_loader.hpp"
#include "agent/node.hpp"
#include "agent/policy/observation.hpp"
#include "agent/policy/way_back.hpp"

#include <string>

namespace quoin {

/// What the way back is judged by. Throws Error(refused) when nothing counts as running.
[[nodiscard]] WayBackFacts way_back(const Observation& seen);

/// On request: un-lists the running system's entry when the other slot holds a confirmed, intact
/// system (its content is read: seconds), and records that. Returns the version that will boot.
/// Throws Error(refused) when there is no way back, Error(nothing_to_do) when it was done already.
std::string roll_back(const Node& node, BootLoader& loader, const std::optional<BootReport>& boot);

/// The running root is corrupt: the same, and its release goes into quarantine. Throws like
/// roll_back(); then nothing was changed.
std::string mark_bad(const Node& node, BootLoader& loader, const BootReport& boot,
                     const std::string& reason);

} // namespace quoin
