// SPDX-License-Identifier: Apache-2.0
// A recipe as the files and options it is put together from: `include`, and `--set` of the command
// line.
#pragma once

#include "builder/recipe/reader.hpp"

#include <string>
#include <vector>

namespace quoin {

/// The recipe's tables with those of the files it includes and the "KEY=VALUE" of `settings` merged
/// in; every node keeps the place it came from. Tables are merged key by key, anything else is
/// replaced as a whole. A file wins over those it includes, of which later ones win over earlier
/// ones; a setting wins over files, and over earlier settings. Files that cannot be used, cycles
/// among them, become mistakes; TOML that cannot be parsed is thrown at once.
[[nodiscard]] toml::table merged_recipe(const std::string& path,
                                        const std::vector<std::string>& settings,
                                        RecipeMistakes& mistakes);

} // namespace quoin
