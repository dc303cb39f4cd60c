// SPDX-License-Identifier: Apache-2.0
// Making a new partition table on an image file, with libfdisk. Host only.
#pragma once

#include "disk/gpt.hpp"

namespace quoin {

/// Writes protective MBR and both tables onto the file `path` (already of its final size).
/// `partitions[].start` and `size` are kept exactly: multiples of the sector size, from 1 MiB on.
/// Entries are numbered from 1 in the order given; `number` is not read. Nothing is random: the
/// same call gives the same bytes. Throws Error(refused) for a partition that does not fit.
void create_gpt(const std::string& path, unsigned sector_size, const Uuid& disk_uuid,
                const std::vector<Partition>& partitions);

} // namespace quoin
