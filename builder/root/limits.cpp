// SPDX-License-Identifier: Apache-2.0
#include "builder/root/limits.hpp"

#include "base/error.hpp"
#include "base/terminal.hpp"

namespace quoin {

void RootCounter::count(const Entry& entry) {
    const auto take = [&](std::uint64_t& left, std::uint64_t amount, const std::string& what) {
        if (amount > left)
            throw refused("cannot use entry '" + printable(entry.path) +
                          "': with it the root has more than " + what);
        left -= amount;
    };
    std::uint64_t metadata = entry.path.size() + entry.link_target.size();
    for (const auto& [name, value] : entry.xattrs)
        metadata += name.size() + value.size();
    take(left_.entries, 1 + entry.xattrs.size(),
         std::to_string(limits_.entries) + " entries and extended attributes");
    take(left_.metadata, metadata,
         format_size(limits_.metadata) + " of paths and extended attributes");
    take(left_.content, entry.size, format_size(limits_.content) + " of files");
}

} // namespace quoin
