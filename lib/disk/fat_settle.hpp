// SPDX-License-Identifier: Apache-2.0
// A directory in which firmware can rename files without harm when power goes.
//
// EDK II's driver removes the old name and puts the new one behind the last record that was ever
// used, flushing when both are written. So a directory can be left
// - empty, as firmware sees it, when it had to grow and only the link to its new cluster was
// written;
// - with a short name whose long one is missing, when the records lay in two sectors: for
// systemd-boot
//   an entry without a counter;
// - without the file.
// None of these can happen while old and new name lie in one sector of 512 bytes, which is written
// as a whole. So each name gets a sector of its own, and behind the last one the sector is left
// free. What else is free is taken by records that everybody skips (volume labels, which mean
// something in the root directory alone), so that the kernel, too, puts new names where the last
// one was.
#pragma once

#include "disk/fat.hpp"

namespace quoin {

/// Lays out the directory `path` as above, with its `names` in that order, and sees to its room.
/// The volume must not be mounted, `path` not the root. Durable; a power cut leaves every name
/// there, some twice, as identical names on one chain. Returns false when nothing was to do, or
/// when there are too many names. Throws as read_fat_directory does, and Error(failed) for a full
/// volume.
bool settle_fat_directory(const Region& volume, std::string_view path,
                          const std::vector<FatName>& names);

/// The part of it that no power cut can leave half done: in the last sector with a name the names
/// come first, behind that the directory ends. Returns false when nothing was to do.
bool trim_fat_directory(const Region& volume, std::string_view path,
                        const std::vector<FatName>& names);

} // namespace quoin
