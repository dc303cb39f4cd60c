// SPDX-License-Identifier: Apache-2.0
// Files for nodes that the program carries with it: loader configuration, systemd units, the
// agent's configuration. Compiled in from their places in the source tree (embed_files.py).
#pragma once

#include <span>
#include <string_view>

namespace quoin {

struct NodeFile {
    std::string_view name; ///< "quoin-health.service"
    std::string_view content;
};

/// Every carried file, sorted by name.
[[nodiscard]] std::span<const NodeFile> node_files();

/// The content of one that is known to be there.
[[nodiscard]] std::string_view node_file(std::string_view name);

} // namespace quoin
