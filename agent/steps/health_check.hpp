// SPDX-License-Identifier: Apache-2.0
// Running the node's own health checks.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace quoin {

struct HealthChecks {
    std::vector<std::string> directories;                         ///< missing ones are passed over
    std::vector<std::pair<std::string, std::string>> environment; ///< added to ours
    std::chrono::seconds deadline{300};                           ///< for all together
    std::chrono::seconds timeout{60};                             ///< for each
};

/// Where the image and the host have their checks.
[[nodiscard]] const std::vector<std::string>& health_check_directories();

/// Runs every executable file of the directories in the order of names, regardless of directory;
/// one in a later directory replaces one of the same name. No arguments; output goes to standard
/// error. Stops at the first that fails and says so: "check 'network' exited with 1". Nothing when
/// all passed. A check that outlives its time is killed with all it started.
[[nodiscard]] std::optional<std::string> run_health_checks(const HealthChecks& checks);

} // namespace quoin
