// SPDX-License-Identifier: Apache-2.0
// Which Debian package each file of a root is of, by dpkg's own lists.
#pragma once

#include "builder/root_image.hpp"

#include <string>
#include <unordered_map>

namespace quoin {

/// Packages' names without architecture, by path. Empty where the root has no dpkg lists.
class PackageOwners {
  public:
    explicit PackageOwners(RootReader& root);

    /// The package of a path relative to the root ("usr/bin/true"); empty when it is no package's.
    /// Python's compiled modules, which are made on installation, are those of their source.
    [[nodiscard]] std::string owner_of(const std::string& path) const;

  private:
    std::unordered_map<std::string, std::string> owners_;
};

} // namespace quoin
