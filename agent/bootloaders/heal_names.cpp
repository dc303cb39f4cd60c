// SPDX-License-Identifier: Apache-2.0
// Neither the kernel nor fsck.fat can do this: removing a file frees its clusters, which are the
// other name's too, and fsck.fat empties one of the two. So the records are removed, and only they.
#include "agent/bootloaders/heal_names.hpp"

#include "agent/bootloaders/fat_entry.hpp"
#include "disk/boot_entry.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace quoin {

namespace {

/// Lower is better. Names that are not ours come last: half of a long name was lost, say.
unsigned rank(const FatName& file) {
    const auto name = BootEntryName::parse(file.name);
    if (!name)
        return std::numeric_limits<unsigned>::max();
    return name->counter ? 1 + std::min(name->counter->left, max_tries) : 0;
}

} // namespace

std::vector<std::string> heal_names(const Region& esp) {
    std::vector<FatName> files = read_fat_directory(esp, entries_directory);
    std::erase_if(files, [](const FatName& file) { return file.directory || !file.first_cluster; });
    std::stable_sort(files.begin(), files.end(), [](const FatName& left, const FatName& right) {
        return std::pair(left.first_cluster, rank(left)) <
               std::pair(right.first_cluster, rank(right));
    });
    std::vector<std::string> notes;
    for (std::size_t i = 1, kept = 0; i < files.size(); ++i) {
        if (files[i].first_cluster != files[kept].first_cluster) {
            kept = i;
            continue;
        }
        remove_fat_name(esp, files[i]);
        notes.push_back("boot image '" + files[kept].name + "' had a second name '" +
                        files[i].name + "', left by a power cut; it was removed");
    }
    return notes;
}

} // namespace quoin
