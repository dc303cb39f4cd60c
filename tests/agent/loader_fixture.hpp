// SPDX-License-Identifier: Apache-2.0
// The boot loader's part in a node's life, played on its ESP directory.
#pragma once

#include "agent/bootloaders/systemd_boot.hpp"
#include "agent/node.hpp"
#include "base/error.hpp"
#include "release_fixture.hpp"

#include <filesystem>
#include <string>

namespace quoin::test {

/// Starts what systemd-boot would start, counting a try as it does; the report that early userspace
/// would leave.
inline BootReport boot(const TestNode& test_node) {
    const Node node = Node::open(test_node.options(), false);
    const SystemdBoot loader(node.esp_directory());
    const BootEntry chosen = loader.entries().at(0);
    if (!chosen.listed)
        throw Error("nothing boots");
    BootReport report;
    report.root_hash = *Digest::parse(*chosen.root_hash);
    report.slot = node.slot('a').root_hash == report.root_hash ? 'a' : 'b';
    report.data_mounted = true;
    if (chosen.name.counter) {
        report.counted = true;
        BootEntryName counted = chosen.name;
        if (counted.counter->left > 0)
            --counted.counter->left;
        ++counted.counter->done;
        std::filesystem::rename(loader.path_of(chosen.name), loader.path_of(counted));
    }
    return report;
}

} // namespace quoin::test
