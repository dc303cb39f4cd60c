// SPDX-License-Identifier: Apache-2.0
// Making a new partition table on an image file, with libfdisk. Host only.
#pragma once

#include "disk/gpt.hpp"

namespace quoin {

/// Writes protective MBR and both tables onto the file `path` (already of its final size).
/// `partitions[].start/size` are exact bytes, multiples of the sector size; numbers from 1 in order.
void create_gpt(const std::string& path, unsigned sector_size, const Uuid& disk_uuid,
                const std::vector<Partition>& partitions);

} // namespace quoin
