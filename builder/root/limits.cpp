// SPDX-License-Identifier: Apache-2.0
#include "builder/root/limits.hpp"

#include "base/error.hpp"
#include "base/terminal.hpp"

namespace quoin {

namespace {

void take(std::uint64_t& left, std::uint64_t amount, const Entry& entry, const std::string& what) {
    if (amount > left)
        throw refused("cannot use entry '" + printable(entry.path) +
                      "': with it the root has more than " + what);
    left -= amount;
}

} // namespace

void RootCounter::count(const Entry& entry) {
    std::uint64_t metadata = entry.path.size() + entry.link_target.size();
    for (const auto& [name, value] : entry.xattrs)
        metadata += name.size() + value.size();
    take_entries(entry, 1 + entry.xattrs.size());
    take(left_.metadata, metadata, entry,
         format_size(limits_.metadata) + " of paths and extended attributes");
    take(left_.content, entry.size, entry, format_size(limits_.content) + " of files");
}

void RootCounter::count_implied(const Entry& entry, std::uint64_t directories) {
    take_entries(entry, directories);
}

void RootCounter::take_entries(const Entry& entry, std::uint64_t amount) {
    take(left_.entries, amount, entry,
         std::to_string(limits_.entries) +
             " entries and extended attributes, with the directories that paths imply");
}

} // namespace quoin
