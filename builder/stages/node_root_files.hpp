// SPDX-License-Identifier: Apache-2.0
// What Quoin adds to a root: agent, units, trust anchors, and what the image is.
#pragma once

#include "builder/build_keys.hpp"
#include "builder/recipe.hpp"
#include "builder/root_image.hpp"

namespace quoin {

/// The files of system.quoin_agent; none when the recipe says no. Throws Error(failed) when the
/// agent's program is not there, Error(usage) when a trust anchor cannot be read or two have one
/// name.
[[nodiscard]] std::vector<AddedFile> node_root_files(const Recipe& recipe, const BuildKeys& keys);

} // namespace quoin
