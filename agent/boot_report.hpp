// SPDX-License-Identifier: Apache-2.0
// What early userspace left about this boot in /run/quoin/boot.json (docs/ARCHITECTURE.md).
#pragma once

#include "agent/node.hpp"

#include <optional>
#include <string>

namespace quoin {

/// The report and the devices that early userspace found.
struct LiveBoot {
    BootReport report;
    std::string disk; ///< "/dev/vda"
    std::string esp;  ///< "/dev/vda1"
};

/// Throws Error(failed) naming `path` when it is malformed.
[[nodiscard]] LiveBoot read_boot_report(const std::string& path);

/// This boot is no try any more: the units that wait for its end with
/// ConditionPathExists=/run/quoin/counted leave it alone. boot.json stays, it says how it began.
void forget_try();

/// /usr/share/quoin/image.json. Throws Error(failed) naming `path` when it is malformed.
[[nodiscard]] ImageIdentity read_image_identity(const std::string& path);

} // namespace quoin
