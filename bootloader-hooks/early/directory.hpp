// SPDX-License-Identifier: Apache-2.0
// Directories, without std::filesystem (which would add 200 KiB to the program).
#pragma once

#include "base/fd.hpp"

#include <string>
#include <vector>

namespace quoin::early {

/// The names in a directory, without "." and "..", in byte order. Throws Error(failed).
[[nodiscard]] std::vector<std::string> names_in(FdRef directory, const std::string& name);
[[nodiscard]] std::vector<std::string> names_in(const std::string& path);

/// mkdir; a directory that is there already is fine. Throws Error(failed).
void make_directory(const std::string& path);

/// Removes `name` in `directory` with all below it, staying on one file system: a mount point and
/// what is mounted there are left alone. What cannot be removed is left, silently.
void remove_tree(FdRef directory, const std::string& name);

} // namespace quoin::early
