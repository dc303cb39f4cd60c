// SPDX-License-Identifier: Apache-2.0
// How mmdebstrap is held to the packages of a lock: apt sees no other version of anything, and
// every .deb that it fetched is hashed before the root is handed over.
#pragma once

#include "base/file.hpp"
#include "builder/recipe.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace quoin {

/// Asks the archive first. Throws Error(refused) naming every package that it no longer has, or has
/// with other content.
void require_pins(const DebianSource& source, const std::string& architecture);

/// apt_preferences(5) that allow the pinned versions and nothing else.
[[nodiscard]] std::string apt_preferences(const std::vector<PinnedPackage>& pins);

/// What sha256sum(1) prints in apt's directory of fetched packages.
[[nodiscard]] std::string package_checksums(const std::vector<PinnedPackage>& pins);

/// A hook of mmdebstrap ($1 is the new root) that fails, after saying PinnedRun::refusal, unless
/// the fetched packages are those of `checksums`, a path in the root. All of them must be there,
/// but for those of a `file:` mirror, which apt verifies and uses where they lie.
[[nodiscard]] std::string check_of_packages(const std::string& checksums, bool some_in_place);

/// The files and options of one run of mmdebstrap.
class PinnedRun {
  public:
    /// What mmdebstrap says when a .deb that it fetched is not the pinned one, before it fails.
    static constexpr std::string_view refusal = "quoin: fetched packages are not those locked";

    explicit PinnedRun(const DebianSource& source);
    [[nodiscard]] const std::vector<std::string>& options() const { return options_; }

  private:
    TemporaryDirectory directory_;
    std::vector<std::string> options_;
};

} // namespace quoin
