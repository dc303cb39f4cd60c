// SPDX-License-Identifier: Apache-2.0
// Which disk we were started from, and which of its partitions are the signed root. Partition
// tables are read by ourselves, backup copy included: Linux shows no partition at all when the
// primary copy is torn, unless told otherwise on the command line.
#pragma once

#include "base/bytes.hpp"
#include "disk/gpt.hpp"
#include "early/command_line.hpp"

#include <optional>
#include <string>
#include <vector>

namespace quoin::early {

/// A whole disk with an intact partition table (at least one copy).
struct Disk {
    std::string name; ///< the kernel's: "vda", "nvme0n1"
    GptTable table;
};

/// The slot whose partitions carry the halves of the root hash as UUIDs.
struct SlotPartitions {
    char name = 'a'; ///< 'a': partitions 2 and 3; 'b': 4 and 5
    Partition root;
    Partition verity;
};

/// The one disk that holds the ESP the loader named; where it named none, the one that holds the
/// root. Null when no disk does. Throws Error(refused), naming both, when two do: a stick and the
/// disk it was written to carry the same UUIDs, and choosing one would be a guess.
[[nodiscard]] const Disk* choose_boot_disk(const std::vector<Disk>& disks,
                                           const std::optional<Uuid>& esp, const Uuid& root);

/// Throws Error(refused) when no slot of the disk holds that root or it is too short for it.
[[nodiscard]] SlotPartitions find_slot(const Disk& disk, const CommandLine& line);

/// The ESP (the one that the loader named, else the first) and the data partition, or null.
[[nodiscard]] const Partition* find_esp(const GptTable& table, const std::optional<Uuid>& esp);
[[nodiscard]] const Partition* find_data(const GptTable& table);

/// Every whole disk that the kernel shows now. One that cannot be read is left out.
[[nodiscard]] std::vector<Disk> scan_disks();

/// Waits up to 30 s for the boot disk to appear. Throws Error(failed) when it does not.
[[nodiscard]] Disk wait_for_boot_disk(const std::optional<Uuid>& esp, const Uuid& root);

/// The device node of a partition ("/dev/vda2"). When the kernel has not seen the partition, it is
/// told of it (BLKPG). Throws Error(failed).
[[nodiscard]] std::string device_of(const Disk& disk, const Partition& partition);

} // namespace quoin::early
