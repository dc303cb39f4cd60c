// SPDX-License-Identifier: Apache-2.0
#include "agent/bootloaders/settle_names.hpp"
#include "lib/disk/fat_volume.hpp"
#include "support/catch.hpp"

using namespace quoin;
using namespace quoin::test;

namespace {

Bytes program(std::uint32_t seed) {
    Bytes content = filler(3000, seed);
    content[0] = 'M';
    content[1] = 'Z';
    return content;
}

std::vector<std::string> order_of(const FatVolume& esp) {
    std::vector<std::string> order;
    for (const FatName& name : esp.names())
        if (!name.directory)
            order.push_back(name.name);
    return order;
}

using Names = std::vector<std::string>;

} // namespace

TEST_CASE("what the next install replaces comes last") {
    const FatVolume esp;
    esp.write("node_1.0.0.efi", program(1));
    esp.write("node_2.0.0.efi", program(2));
    settle_names(esp.region());
    CHECK(order_of(esp) == Names{"node_2.0.0.efi", "node_1.0.0.efi"});
    CHECK(esp.read("node_2.0.0.efi") == program(2));
    CHECK(esp.check() == 0);
}

TEST_CASE("an entry that is not listed goes before the one that runs") {
    const FatVolume esp;
    esp.write("node_2.0.0+3-0.efi", Bytes(3000));
    esp.write("node_1.0.0.efi", program(1));
    settle_names(esp.region());
    CHECK(order_of(esp) == Names{"node_1.0.0.efi", "node_2.0.0+3-0.efi"});
}

TEST_CASE("a listed entry that has tries is never doubled, so it stays in its sector") {
    const FatVolume esp;
    esp.write("node_2.0.0+2-1.efi", program(2));
    esp.write("node_1.0.0.efi", program(1));
    settle_names(esp.region());
    CHECK(order_of(esp) == Names{"node_2.0.0+2-1.efi", "node_1.0.0.efi"});
}

TEST_CASE("a directory whose name begins with a dot stays") {
    const FatVolume esp;
    esp.make_directory(".keep");
    esp.write("node_1.0.0.efi", program(1));
    settle_names(esp.region());
    CHECK(find(esp.names(), ".keep").directory);
    CHECK(esp.check() == 0);
}

TEST_CASE("a damaged file beside them does not keep names from their places") {
    const FatVolume esp;
    esp.write("damaged-file.efi", program(3));
    esp.lead_nowhere("damaged-file.efi");
    esp.write("node_1.0.0.efi", program(1));
    esp.write("node_2.0.0.efi", program(2));
    settle_names(esp.region());
    CHECK(order_of(esp) == Names{"damaged-file.efi", "node_2.0.0.efi", "node_1.0.0.efi"});
}
