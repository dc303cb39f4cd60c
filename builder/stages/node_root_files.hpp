// SPDX-License-Identifier: Apache-2.0
// What Quoin adds to a root: agent, units, trust anchors, and what the image is.
#pragma once

#include "builder/recipe.hpp"
#include "builder/root_image.hpp"

namespace quoin {

/// The files of system.quoin_agent, `anchors` of `trust_anchors` among them; none when the recipe
/// says no. Throws Error(failed) when the agent's program is not there.
[[nodiscard]] std::vector<AddedFile> node_root_files(const Recipe& recipe,
                                                     const std::vector<NamedPublicKey>& anchors);

} // namespace quoin
