// SPDX-License-Identifier: Apache-2.0
// `quoin lock RECIPE`.
#pragma once

#include <string>
#include <vector>

namespace quoin {

struct LockOptions {
    std::string recipe;
    std::vector<std::string> settings; ///< "KEY=VALUE" over the recipe's
    bool json = false;
};

/// Writes the lock file beside the recipe, from what the Debian archive and this machine have now,
/// and prints how it differs from the one before. When it throws, that one stays.
void lock(const LockOptions& options);

} // namespace quoin
