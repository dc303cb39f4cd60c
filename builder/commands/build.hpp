// SPDX-License-Identifier: Apache-2.0
// `quoin build RECIPE`.
#pragma once

#include <string>
#include <vector>

namespace quoin {

struct BuildOptions {
    std::string recipe;
    std::vector<std::string> settings; ///< "KEY=VALUE" over the recipe's
    std::string output = ".";
    std::string keys;
    std::string cache;    ///< empty: none
    std::string previous; ///< a bundle or image of the release before this one; empty: none
    bool json = false;
};

/// Builds disk image, bundle, UKI and report, prints the report on standard output and warnings on
/// standard error. When it throws, or is interrupted, nothing is left behind.
void build(const BuildOptions& options);

} // namespace quoin
