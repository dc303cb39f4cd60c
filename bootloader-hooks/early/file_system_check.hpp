// SPDX-License-Identifier: Apache-2.0
// Mending the data partition's file system before it is mounted.
#pragma once

#include <string>

namespace quoin::early {

/// Runs the image's own e2fsck on `device`, which is not mounted, as `e2fsck -p`: it makes only
/// repairs that lose nothing and need no answer. The root must be mounted. Returns what came of it,
/// as a clause for a note ("e2fsck mended it"); does not throw.
[[nodiscard]] std::string check_file_system(const std::string& device);

} // namespace quoin::early
