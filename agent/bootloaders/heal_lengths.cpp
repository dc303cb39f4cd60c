// SPDX-License-Identifier: Apache-2.0
// Listed ones were whole before they were listed: where one is not now, its medium is damaged, and
// that is not for us to hide.
#include "agent/bootloaders/heal_lengths.hpp"

#include "agent/bootloaders/fat_entry.hpp"
#include "disk/boot_entry.hpp"

namespace quoin {

void heal_lengths(const Region& esp) {
    for (const FatName& file : read_fat_directory(esp, "EFI/Linux"))
        if (BootEntryName::parse(file.name) && !file.directory && !is_listed(esp, file))
            settle_fat_length(esp, file);
}

} // namespace quoin
