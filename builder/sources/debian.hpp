// SPDX-License-Identifier: Apache-2.0
// Debian packages as a source: mmdebstrap makes a root and streams it as a tar.
#pragma once

#include "base/progress.hpp"
#include "builder/entry.hpp"
#include "builder/recipe.hpp"

#include <string>
#include <vector>

namespace quoin {

struct DebianRequest {
    DebianSource source;
    std::string architecture;         ///< "x86-64"
    std::optional<std::int64_t> time; ///< no file is younger: mmdebstrap's SOURCE_DATE_EPOCH
};

/// Debian's name of an architecture: "amd64" for "x86-64".
[[nodiscard]] std::string debian_architecture(const std::string& architecture);

/// The lines of sources.list(5).
[[nodiscard]] std::vector<std::string> package_sources(const DebianSource& source);

/// The command whose standard output is the root's tar. Where packages come from is spelled out.
[[nodiscard]] std::vector<std::string> mmdebstrap_command(const DebianSource& source,
                                                          const std::string& architecture);

/// Runs mmdebstrap and yields its root's entries as they come, but for the resolv.conf of this
/// machine, a file that mmdebstrap copies into it; a link of that name is the root's own. With a
/// cache directory the tar is kept there, under a name made from all parameters, and used again
/// until somebody removes it; a cache that cannot be written is a warning. Throws Error(failed)
/// with mmdebstrap's last words; Error(refused) naming the packages that are pinned and that the
/// archive no longer has, or what was fetched and is not what is pinned; and what `sink` throws.
void read_debian(const DebianRequest& request, const std::string& cache_directory,
                 const EntrySink& sink, const ProgressObserver& progress = {});

} // namespace quoin
