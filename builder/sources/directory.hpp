// SPDX-License-Identifier: Apache-2.0
// A directory tree as a source: what stat and listxattr say, in byte order of the names.
#pragma once

#include "base/progress.hpp"
#include "builder/entry.hpp"

#include <string>

namespace quoin {

/// Yields the directory itself (path "") and all below it, parents first. Symbolic links are never
/// followed; objects with one inode number become hard links of the first. Throws Error(failed)
/// naming what cannot be read, Error(refused) for a file that changes while it is read.
void read_directory(const std::string& path, const EntrySink& sink,
                    const ProgressObserver& progress = {});

} // namespace quoin
