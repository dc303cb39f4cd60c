// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/error.hpp"
#include "base/terminal.hpp"
#include "builder/tree/tree.hpp"

#include <string>

namespace quoin {

/// Why an entry has no place in the tree.
[[nodiscard]] inline Error cannot_place(const std::string& path, const std::string& why) {
    return refused("cannot place '" + printable(path) + "' in the root: " + why);
}

/// Throws that what has `height` levels, itself included, would be too deep in a directory.
inline void check_depth(const Node& directory, unsigned height, const std::string& path) {
    constexpr unsigned deepest = 1000; // of a path; Linux's PATH_MAX allows 2048
    unsigned depth = height;
    for (const Node* up = directory.parent; up != nullptr; up = up->parent)
        ++depth;
    if (depth > deepest)
        throw cannot_place(path, "more than 1000 directories deep");
}

} // namespace quoin
