// SPDX-License-Identifier: Apache-2.0
// agent.toml: quoin-agent.toml(5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quoin {

struct Configuration {
    std::uint64_t health_deadline = 300; ///< seconds for all health checks together
    std::uint64_t health_timeout = 60;   ///< seconds for one health check

    std::uint64_t fetch_deadline = 3600;    ///< seconds for a whole install's fetching
    std::uint64_t fetch_first_contact = 60; ///< seconds until a server answered anything at all
    std::uint64_t fetch_clock = 120;        ///< seconds until the server's certificate is valid
    std::uint64_t fetch_stall = 30;         ///< seconds below `minimum_rate`: connect anew
    std::uint64_t fetch_minimum_rate = 256; ///< bytes a second
    std::optional<std::uint64_t> fetch_maximum_rate; ///< bytes a second
    std::optional<std::string> fetch_certificates;   ///< path
    std::optional<std::string> fetch_headers;        ///< path
    std::optional<std::string> fetch_proxy;          ///< URL; empty: none

    /// The image's own file, overridden key by key by the host's.
    static const std::vector<std::string>& default_paths();
};

/// Defaults, then every file in turn; a later file overrides key by key. Throws Error(usage)
/// "FILE:LINE:COLUMN: what is wrong, what was expected"; unknown keys are errors.
[[nodiscard]] Configuration read_configuration(const std::vector<std::string>& paths);

/// The node's own: those of default_paths() that exist.
[[nodiscard]] Configuration read_default_configuration();

} // namespace quoin
