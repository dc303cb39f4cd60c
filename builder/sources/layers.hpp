// SPDX-License-Identifier: Apache-2.0
// A recipe's root as a stack of layers, whatever it comes from.
#pragma once

#include "base/progress.hpp"
#include "builder/entry.hpp"
#include "builder/recipe.hpp"
#include "builder/tree/tree.hpp"

#include <functional>
#include <string>
#include <vector>

namespace quoin {

struct Layer {
    std::string name; ///< for messages
    LayerRules rules;
    bool is_source = true; ///< of the root itself: the recipe's removals apply; false for overlays
    /// Yields the layer's entries. May be called again and then yields the same.
    std::function<void(const EntrySink& sink, const ProgressObserver& progress)> read;
};

/// Overlays from the last to the first, then the source (an OCI image's layers from the top).
/// Nothing is read yet, apart from an OCI image's manifest.
[[nodiscard]] std::vector<Layer> layers_of(const Recipe& recipe,
                                           const std::string& cache_directory);

} // namespace quoin
