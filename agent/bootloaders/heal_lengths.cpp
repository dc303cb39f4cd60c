// SPDX-License-Identifier: Apache-2.0
// Listed ones were whole before they were listed: where one is not now, its medium is damaged, and
// that is not for us to hide.
#include "agent/bootloaders/heal_lengths.hpp"

#include "agent/bootloaders/fat_entry.hpp"
#include "base/error.hpp"
#include "base/terminal.hpp"
#include "disk/boot_entry.hpp"

namespace quoin {

namespace {

template <typename Use>
void each_unlisted(const Region& esp, Use&& use) {
    const FatClusters clusters(esp);
    for (const FatName& file : read_fat_directory(esp, entries_directory))
        if (BootEntryName::parse(file.name) && !file.directory && !is_listed(esp, clusters, file))
            use(file);
}

} // namespace

void heal_lengths(const Region& esp) {
    each_unlisted(esp, [&](const FatName& file) {
        try {
            settle_fat_length(esp, file);
        } catch (const Error& problem) {
            say_warning("boot image '" + file.name + "' is damaged: " + problem.what());
        }
    });
    each_unlisted(esp, [&](const FatName& file) {
        if (file.first_cluster == 0)
            remove_fat_name(esp, file);
    });
}

} // namespace quoin
