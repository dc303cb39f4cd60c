// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"

#include <string>

namespace quoin {

/// A file without a name, to write and read again: gone with its descriptor, whatever happens. On
/// the file system of `directory`; of $TMPDIR, or /tmp, when that is empty. Throws Error(failed).
[[nodiscard]] UniqueFd unnamed_file(std::string directory = "");

} // namespace quoin
