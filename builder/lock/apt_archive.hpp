// SPDX-License-Identifier: Apache-2.0
// What a Debian archive has to offer now, through apt in a directory of its own: nothing of the
// building machine's apt is read or changed but its trusted keys.
#pragma once

#include "base/file.hpp"
#include "builder/lock/lock.hpp"
#include "builder/recipe.hpp"

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace quoin {

class AptArchive {
  public:
    /// Fetches the indexes of the source's archives, whose signatures apt checks. Needs network, no
    /// root. Throws Error(failed) with apt's last words.
    AptArchive(const DebianSource& source, const std::string& architecture);

    /// When the archive's newest index was made: seconds since 1970.
    [[nodiscard]] std::int64_t time() const;

    /// Every version that the archive has of the packages with these names.
    [[nodiscard]] std::vector<PinnedPackage> versions_of(const std::set<std::string>& names) const;

    /// The packages that mmdebstrap would install now, sorted; local ones are not among them. Takes
    /// mmdebstrap's two steps: the essential packages, then the rest on top of them. Throws
    /// Error(refused) naming one that a lock cannot hold.
    [[nodiscard]] std::vector<PinnedPackage> resolve(const DebianSource& source) const;

  private:
    std::string apt(std::vector<std::string> command) const;
    [[nodiscard]] std::vector<std::string> index_files() const;
    void each_stanza(const std::function<void(std::string_view stanza)>& visit) const;
    [[nodiscard]] std::vector<PinnedPackage> to_install(const DebianSource& source,
                                                        std::vector<std::string> request) const;
    void mark_installed(const std::vector<PinnedPackage>& packages) const;

    std::string architecture_; ///< Debian's name of it
    TemporaryDirectory directory_;
};

} // namespace quoin
