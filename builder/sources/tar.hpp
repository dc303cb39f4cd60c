// SPDX-License-Identifier: Apache-2.0
// Tar archives as a source: any compression that libarchive reads, metadata exact, nothing
// unpacked.
#pragma once

#include "base/fd.hpp"
#include "base/progress.hpp"
#include "builder/entry.hpp"

#include <string>

namespace quoin {

/// Sees every raw byte of an archive as it lies in the file, compressed or not.
using RawObserver = std::function<void(ByteView raw)>;

/// Yields the entries of a tar (ustar, GNU, pax) from a descriptor, in its order, and reads the
/// descriptor to its end. `name` is for messages. Owners are the numeric ones. Throws
/// Error(refused) naming archive and entry for absolute names, "..", unknown types and malformed
/// headers, and for an archive that ends early.
void read_tar(FdRef input, const std::string& name, const EntrySink& sink,
              const RawObserver& observer = {});

/// The same for a file, at its start, of which progress knows the size.
void read_tar_file(FdRef file, const std::string& name, const EntrySink& sink,
                   const ProgressObserver& progress = {});
void read_tar_file(const std::string& path, const EntrySink& sink,
                   const ProgressObserver& progress = {});

} // namespace quoin
