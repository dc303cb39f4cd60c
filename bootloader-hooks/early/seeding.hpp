// SPDX-License-Identifier: Apache-2.0
// A persistent directory begins as a copy of the image's. After that it is the node's: later images
// do not change it.
#pragma once

#include "base/fd.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace quoin::early {

/// The directories of the initrd's /persist: one absolute path a line, empty lines and lines that
/// begin with '#' left out. In byte order, hence each after its parents; none twice. Throws
/// Error(refused) for a path that is not absolute, has empty, "." or ".." parts, or a
/// NUL.
[[nodiscard]] std::vector<std::string> parse_persistent_directories(std::string_view text);

/// Opens `path` (absolute) as seen from `root`: symbolic links, absolute ones too, stay inside.
/// An empty descriptor when there is no such directory. Throws Error(failed).
[[nodiscard]] UniqueFd open_in_root(FdRef root, const std::string& path);

/// Opens the directory `persist` + `path`, made first where it is missing: as a copy of the image's
/// directory of that path, or empty where the image has none. A power cut leaves all of it or
/// nothing under its name.
///
/// Directories on the way to it, when they are not persistent themselves, hold the mark
/// ".not-seeded"; should a later image list one of them, it is filled with what it lacks then.
/// Throws Error(failed); symbolic links below `persist` are not followed.
[[nodiscard]] UniqueFd open_seeded(FdRef persist, const std::string& path, FdRef image_root);

} // namespace quoin::early
