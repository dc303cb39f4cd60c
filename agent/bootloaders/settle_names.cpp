// SPDX-License-Identifier: Apache-2.0
#include "agent/bootloaders/settle_names.hpp"

#include "agent/bootloaders/fat_entry.hpp"
#include "disk/boot_entry.hpp"
#include "disk/fat_settle.hpp"

#include <algorithm>
#include <optional>

namespace quoin {

namespace {

struct Ranked {
    FatName file;
    std::optional<BootEntryName> name; ///< nothing: not ours
    bool listed = false;
};

/// What stays longest comes first: what is not ours, then what the loader prefers of the confirmed
/// ones; what no loader starts is the first to go.
bool stays_longer(const Ranked& left, const Ranked& right) {
    if (left.name.has_value() != right.name.has_value())
        return !left.name.has_value();
    if (!left.name)
        return false;
    if (left.listed != right.listed)
        return left.listed;
    if (left.name->counter.has_value() != right.name->counter.has_value())
        return !left.name->counter.has_value();
    return loader_order(*left.name, *right.name) < 0;
}

} // namespace

void settle_names(const Region& esp) {
    const FatClusters clusters(esp);
    std::vector<Ranked> ranked;
    for (FatName& file : read_fat_directory(esp, entries_directory)) {
        if (file.name == "." || file.name == "..")
            continue;
        const auto name = BootEntryName::parse(file.name);
        const bool listed = is_listed(esp, clusters, file);
        ranked.push_back({std::move(file), name, listed});
    }
    std::stable_sort(ranked.begin(), ranked.end(), stays_longer);
    const bool counting = std::any_of(ranked.begin(), ranked.end(), [](const Ranked& each) {
        return each.listed && each.name && each.name->counter;
    });
    std::vector<FatName> names;
    for (Ranked& each : ranked)
        names.push_back(std::move(each.file));
    if (counting)
        trim_fat_directory(esp, entries_directory, names);
    else
        settle_fat_directory(esp, entries_directory, names);
}

} // namespace quoin
