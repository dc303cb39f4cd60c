// SPDX-License-Identifier: Apache-2.0
// `quoin diff OLD NEW`.
#pragma once

#include <string>

namespace quoin {

struct DiffOptions {
    std::string old_file;
    std::string new_file;
    bool json = false;
};

/// Prints what an update from one release to another would change and cost.
void diff(const DiffOptions& options);

} // namespace quoin
