// SPDX-License-Identifier: Apache-2.0
// Enabling systemd units without running systemctl: the symlinks that a unit's [Install] section
// asks for (systemd.unit(5)).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quoin {

/// A symlink that enabling makes: "etc/systemd/system/multi-user.target.wants/ssh.service" →
/// "/usr/lib/systemd/system/ssh.service".
struct UnitLink {
    std::string path; ///< relative to the root
    std::string target;
};

/// What the root has under a unit's name.
struct FoundUnit {
    std::string path; ///< relative to the root
    std::string text;
};

/// Looks a unit file up by its name, a template's "name@.service" included.
using UnitLookup = std::function<std::optional<FoundUnit>(const std::string& name)>;

/// The links for `unit` and for what its Also= names. Throws Error(usage) naming the unit when it
/// does not exist or has no [Install] section.
[[nodiscard]] std::vector<UnitLink> links_to_enable(const std::string& unit,
                                                    const UnitLookup& lookup);

/// Directories of unit files in the order of precedence, relative to the root.
inline constexpr std::string_view unit_directories[] = {"etc/systemd/system",
                                                        "usr/lib/systemd/system"};

} // namespace quoin
