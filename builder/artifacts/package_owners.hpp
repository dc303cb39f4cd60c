// SPDX-License-Identifier: Apache-2.0
// Which Debian package each file of a root is of, by dpkg's own lists.
#pragma once

#include "builder/root_image.hpp"
#include "builder/text_store.hpp"

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace quoin {

/// Packages' names without architecture, by path. Empty where the root has no dpkg lists.
class PackageOwners {
  public:
    /// The packages' names are kept in `names`. Throws Error(refused) when the lists have more
    /// text or more paths than those of any system.
    PackageOwners(RootReader& root, TextStore& names);

    /// The package of a path relative to the root ("usr/bin/true"); empty when it is no package's.
    /// Python's compiled modules, which are made on installation, are those of their source.
    [[nodiscard]] std::string_view owner_of(const std::string& path) const;

  private:
    std::vector<Bytes> lists_; ///< the paths lie in them
    std::vector<std::string_view> packages_;
    std::unordered_map<std::string_view, std::uint32_t> owners_; ///< number of the package
};

} // namespace quoin
