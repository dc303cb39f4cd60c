// SPDX-License-Identifier: Apache-2.0
#include "agent/bootloaders/heal_lengths.hpp"
#include "lib/disk/fat_volume.hpp"
#include "support/catch.hpp"

using namespace quoin;
using namespace quoin::test;

namespace {

/// Gives a file of one kilobyte a length of ten, as a power cut between length and chain does.
void tear(const FatVolume& esp, const std::string& name, Bytes content) {
    content.resize(1024);
    esp.write(name, content);
    const le32 size = 10 * 1024;
    esp.region().write(view_of(size), find(esp.names(), name).records.back() + 28);
}

} // namespace

TEST_CASE("a boot image that was being written is mended, a listed or foreign one is not touched") {
    const FatVolume esp;
    SECTION("being written") {
        tear(esp, "node_2.0.0+3-0.efi", {});
        heal_lengths(esp.region());
        CHECK(esp.check() == 0);
        CHECK(esp.read("node_2.0.0+3-0.efi").size() == 1024);
    }
    SECTION("listed") {
        tear(esp, "node_2.0.0+3-0.efi", {'M', 'Z'});
        heal_lengths(esp.region());
        CHECK(esp.check() != 0);
    }
    SECTION("foreign") {
        tear(esp, "not-our-own.efi", {});
        heal_lengths(esp.region());
        CHECK(esp.check() != 0);
    }
}
