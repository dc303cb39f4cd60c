// SPDX-License-Identifier: Apache-2.0
// What early userspace tells the running system: /run/quoin/boot.json (docs/formats/initrd.md).
#pragma once

#include <string>
#include <vector>

namespace quoin::early {

/// Device nodes are paths; empty where there is none.
struct BootReport {
    char slot = 'a';
    std::string root_hash;
    std::string disk;
    std::string esp;
    std::string data;
    bool counted = false;      ///< the loader counts this boot as a try
    bool data_mounted = false; ///< false: memory stands in for the data partition
    std::vector<std::string> notes;
};

/// One line of JSON, with a line feed.
[[nodiscard]] std::string to_json(const BootReport& report);

/// Writes boot.json, and the empty file "counted" beside it when the boot is counted, for
/// ConditionPathExists= in units.
void write_report(const BootReport& report);

} // namespace quoin::early
