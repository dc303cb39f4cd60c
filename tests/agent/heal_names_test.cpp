// SPDX-License-Identifier: Apache-2.0
#include "agent/bootloaders/heal_names.hpp"
#include "lib/disk/fat_volume.hpp"
#include "support/catch.hpp"

using namespace quoin;
using namespace quoin::test;

namespace {

/// Which of two names on one chain of clusters is left.
std::vector<std::string> left_of(const std::string& first, const std::string& second) {
    const FatVolume esp;
    const Bytes content = filler(3000);
    esp.write(first, content);
    esp.add_name(second, first);
    CHECK(heal_names(esp.region()).size() == 1);
    CHECK(esp.check() == 0);
    std::vector<std::string> left;
    for (const FatName& name : esp.names())
        if (!name.directory)
            left.push_back(name.name);
    REQUIRE(left.size() == 1);
    CHECK(esp.read(left.front()) == content);
    return left;
}

using Names = std::vector<std::string>;

} // namespace

TEST_CASE("of two names on one chain the confirmed one stays, whichever came first") {
    CHECK(left_of("node_2.0.0+2-1.efi", "node_2.0.0.efi") == Names{"node_2.0.0.efi"});
    CHECK(left_of("node_2.0.0.efi", "node_2.0.0+2-1.efi") == Names{"node_2.0.0.efi"});
}

TEST_CASE("of two counted names the one with fewer tries stays: none is gained") {
    CHECK(left_of("node_2.0.0+3-0.efi", "node_2.0.0+2-1.efi") == Names{"node_2.0.0+2-1.efi"});
    CHECK(left_of("node_2.0.0+0-3.efi", "node_2.0.0+3-0.efi") == Names{"node_2.0.0+0-3.efi"});
}

TEST_CASE("a name that lost its long part gives way to ours") {
    CHECK(left_of("NODE_2~1.EFI", "node_2.0.0+2-1.efi") == Names{"node_2.0.0+2-1.efi"});
}

TEST_CASE("files with clusters of their own, and empty ones, are left alone") {
    const FatVolume esp;
    esp.write("node_1.0.0.efi", filler(3000));
    esp.write("node_2.0.0+3-0.efi", filler(3000, 2));
    esp.write("empty.efi", {});
    esp.write("also-empty.efi", {});
    const Bytes before = content_of("/proc/self/fd/" + std::to_string(esp.region().fd().get()));
    CHECK(heal_names(esp.region()).empty());
    CHECK(content_of("/proc/self/fd/" + std::to_string(esp.region().fd().get())) == before);
}
