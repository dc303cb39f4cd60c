// SPDX-License-Identifier: Apache-2.0
#include "disk/boot_entry.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <vector>

using namespace quoin;

namespace {

BootEntryName entry(const std::string& file_name) {
    const auto parsed = BootEntryName::parse(file_name);
    REQUIRE(parsed);
    return *parsed;
}

} // namespace

TEST_CASE("a boot entry's name holds id, version and counter") {
    const auto counted = entry("edge-node_1.2.0-1+3-0.efi");
    CHECK(counted.id == "edge-node");
    CHECK(counted.version == "1.2.0-1");
    CHECK(counted.counter == BootEntryName::Counter{3, 0});
    CHECK_FALSE(counted.is_bad());
    CHECK(counted.file_name() == "edge-node_1.2.0-1+3-0.efi");
    CHECK(counted.confirmed().file_name() == "edge-node_1.2.0-1.efi");

    CHECK_FALSE(entry("node_1.efi").counter);
    CHECK(entry("node_1+2.efi").counter == BootEntryName::Counter{2, 0});
    CHECK(entry("node_1+0-12.efi").counter == BootEntryName::Counter{0, 12});
    CHECK(entry("node_1+0-3.efi").is_bad());
    CHECK_FALSE(entry("node_1.efi").is_bad());
    CHECK(entry("node_1.EFI") == entry("node_1.efi"));
}

TEST_CASE("a name that the loader wrote is written the same") {
    for (const char* name : {"node_1.efi", "node_1+3-0.efi", "node_1+0-3.efi", "node_1+0-12.efi"})
        CHECK(entry(name).file_name() == name);
    CHECK(entry("node_1+3.efi").file_name() == "node_1+3-0.efi");
}

TEST_CASE("names that are not ours are nothing") {
    for (const char* name :
         {"", ".efi", "node_1", "node_1.conf", "node.efi", "_1.efi", "node_.efi", "Node_1.efi",
          "node_1+.efi", "node_1+a.efi", "node_1+3-.efi", "node_1+-3.efi", "node_1+3-0-0.efi",
          "node_1+3 .efi", "node_1+99999999999.efi", "node_1+2+3-0.efi", "../node_1.efi",
          "node_1_2.efi", "node_1.efi.new"}) {
        CAPTURE(name);
        CHECK_FALSE(BootEntryName::parse(name));
    }
}

TEST_CASE("the loader prefers entries with tries left, then the newest version") {
    const std::vector<BootEntryName> expected = {
        entry("node_1.10+3-0.efi"), entry("node_1.9.efi"),     entry("node_1.0.efi"),
        entry("other_9.efi"),       entry("node_2.0+0-3.efi"), entry("node_1.8+0-1.efi"),
    };
    auto sorted = expected;
    std::reverse(sorted.begin(), sorted.end());
    std::sort(sorted.begin(), sorted.end(),
              [](const auto& left, const auto& right) { return loader_order(left, right) < 0; });
    CHECK(sorted == expected);
}

TEST_CASE("of two names of one system the loader takes the counted one with more tries") {
    CHECK((loader_order(entry("node_1+3-0.efi"), entry("node_1.efi")) < 0));
    CHECK((loader_order(entry("node_1+3-0.efi"), entry("node_1+2-1.efi")) < 0));
    CHECK((loader_order(entry("node_1+3-0.efi"), entry("node_1+3-0.efi")) == 0));
}
