// SPDX-License-Identifier: Apache-2.0
// Whether a slot's boot image can still start it: what must hold before the loader is left nothing
// else. systemd-boot 252 ends in the firmware when the only listed image does not load.
#pragma once

#include "agent/policy/observation.hpp"

#include <optional>
#include <string>

namespace quoin {

/// Reads the boot image that starts `observed` from the medium and compares every part of it with
/// the block index kept in the slot. What is wrong, or nothing when it is intact. Without an intact
/// index only that it names the slot's root is known. Never throws on damage; changes nothing.
[[nodiscard]] std::optional<std::string>
boot_image_damage(const Node& node, const BootLoader& loader, const ObservedSlot& observed);

} // namespace quoin
