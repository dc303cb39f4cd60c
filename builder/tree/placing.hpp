// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/error.hpp"
#include "base/terminal.hpp"

#include <string>

namespace quoin {

/// Why an entry has no place in the tree.
[[nodiscard]] inline Error cannot_place(const std::string& path, const std::string& why) {
    return refused("cannot place '" + printable(path) + "' in the root: " + why);
}

} // namespace quoin
