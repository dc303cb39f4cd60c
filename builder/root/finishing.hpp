// SPDX-License-Identifier: Apache-2.0
// What turns an assembled tree into this image's root: users, identity, enabled units, mount
// points, times.
#pragma once

#include "builder/recipe.hpp"
#include "builder/root/assembly.hpp"

#include <optional>
#include <string>
#include <vector>

namespace quoin {

struct FinishedRoot {
    std::string os_release;
    std::int64_t time = 0; ///< of what Quoin made and of the file system itself
    std::vector<std::string> warnings;
};

/// Finishes the tree; only the tables remain to be written. With an epoch no time in the root is
/// later, and what Quoin makes has exactly that time; else it has the newest time of the sources.
[[nodiscard]] FinishedRoot finish_root(RootAssembly& assembly, const Recipe& recipe,
                                       std::optional<std::int64_t> epoch);

} // namespace quoin
