// SPDX-License-Identifier: Apache-2.0
// agent.toml: quoin-agent.toml(5).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace quoin {

struct Configuration {
    std::uint64_t health_deadline = 300; ///< seconds for all health checks together
    std::uint64_t health_timeout = 60;   ///< seconds for one health check

    /// The image's own file, overridden key by key by the host's.
    static const std::vector<std::string>& default_paths();
};

/// Defaults, then every file in turn; a later file overrides key by key. Throws Error(usage)
/// "FILE:LINE:COLUMN: what is wrong, what was expected"; unknown keys are errors.
[[nodiscard]] Configuration read_configuration(const std::vector<std::string>& paths);

/// The node's own: those of default_paths() that exist.
[[nodiscard]] Configuration read_default_configuration();

} // namespace quoin
