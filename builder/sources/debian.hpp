// SPDX-License-Identifier: Apache-2.0
// Debian packages as a source: mmdebstrap makes a root and streams it as a tar.
#pragma once

#include "base/progress.hpp"
#include "builder/entry.hpp"
#include "builder/recipe.hpp"

#include <string>
#include <vector>

namespace quoin {

/// The command whose standard output is the root's tar. Where packages come from is spelled out;
/// SOURCE_DATE_EPOCH reaches it through the environment.
[[nodiscard]] std::vector<std::string> mmdebstrap_command(const DebianSource& source,
                                                          const std::string& architecture);

/// Runs mmdebstrap and yields its root's entries as they come. With a cache directory the tar is
/// kept there, under a name made from all parameters, and used again until somebody removes it.
/// Throws Error(failed) with mmdebstrap's last words.
void read_debian(const DebianSource& source, const std::string& architecture,
                 const std::string& cache_directory, const EntrySink& sink,
                 const ProgressObserver& progress = {});

} // namespace quoin
