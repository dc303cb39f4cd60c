// SPDX-License-Identifier: Apache-2.0
// Files that a process was making or keeping when it was killed: told from those of a living one by
// a lock, which the kernel drops with the process.
#pragma once

#include "base/fd.hpp"

#include <string>

namespace quoin {

/// Marks an open file as somebody's, until its last descriptor is closed. An open file description
/// lock, since mtools takes the other kind on images. Where a file system has no locks nothing
/// happens, and nothing there is ever taken for abandoned. `fd` may be read-only. False when
/// somebody else was quicker: the file is being removed.
[[nodiscard]] bool mark_as_in_use(FdRef fd);

/// Removes the regular files in `directory` named ".PREFIX….part-NUMBER" or ".PREFIX….old-NUMBER"
/// that nobody marks as in use. What cannot be removed stays.
void remove_abandoned_files(const std::string& directory, const std::string& prefix);

} // namespace quoin
