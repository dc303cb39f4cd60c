// SPDX-License-Identifier: Apache-2.0
// Small files that a recipe stands for.
#pragma once

#include "builder/recipe.hpp"
#include "builder/root_image.hpp"

#include <string>
#include <vector>

namespace quoin {

/// /etc/hostname, an empty /etc/machine-id, /usr/lib/clock-epoch and the networks' units.
[[nodiscard]] std::vector<AddedFile> system_files(const Recipe& recipe);

/// A systemd.network(5) unit.
[[nodiscard]] std::string network_unit(const RecipeNetwork& network);

/// A resolv.conf(5) with the networks' name servers, as many as are read; empty when there are
/// none.
[[nodiscard]] std::string resolver_configuration(const Recipe& recipe);

/// os-release(5) with IMAGE_ID and IMAGE_VERSION of this image; what else it says stays. A minimal
/// one when `text` is empty.
[[nodiscard]] std::string os_release_of_image(const std::string& text, const Recipe& recipe);

} // namespace quoin
