// SPDX-License-Identifier: Apache-2.0
// Holding a build to its lock file.
#pragma once

#include "builder/lock/lock.hpp"
#include "builder/recipe.hpp"

#include <string>
#include <vector>

namespace quoin {

/// What a recipe asks of Debian's archive, one "key=value" a line; not where the archive lies.
[[nodiscard]] std::vector<std::string> asked_of_debian(const DebianSource& source);

/// Puts the pins of the lock into the recipe; without a lock file beside it nothing changes. Throws
/// Error(refused) when the lock was written for another recipe.
void apply_lock(Recipe& recipe);

} // namespace quoin
