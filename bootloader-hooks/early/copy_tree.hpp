// SPDX-License-Identifier: Apache-2.0
// Copying directories as they are: owners, modes, times and extended attributes.
#pragma once

#include "base/fd.hpp"

#include <string>

namespace quoin::early {

/// Owner, mode, extended attributes and times of an open file or directory.
/// Throws Error(failed); attributes that the target file system has no place for are left out.
void copy_metadata(FdRef from, FdRef to, const std::string& name);

/// Makes `new_name` in `to` a copy of the open directory `from`, with all below it. Symbolic links,
/// devices and FIFOs are copied as such, sockets are left out, hard links become files of their
/// own. `new_name` must not exist. Nothing is synced. Throws Error(failed).
void copy_directory(FdRef from, FdRef to, const std::string& new_name);

/// The same for whatever `name` in `from` is.
void copy_entry(FdRef from, const std::string& name, FdRef to, const std::string& new_name);

} // namespace quoin::early
