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
    SECTION("beside one that is damaged otherwise") {
        tear(esp, "node_1.0.0+0-3.efi", {});
        const le32 itself = find(esp.names(), "node_1.0.0+0-3.efi").first_cluster;
        esp.region().write(view_of(itself), esp.table_offset() + 4 * itself);
        tear(esp, "node_2.0.0+3-0.efi", {});
        heal_lengths(esp.region());
        CHECK(esp.read("node_2.0.0+3-0.efi").size() == 1024);
    }
    SECTION("that begins outside of the volume") {
        tear(esp, "node_2.0.0+3-0.efi", {});
        esp.lead_nowhere("node_2.0.0+3-0.efi");
        heal_lengths(esp.region());
        CHECK(esp.names().size() == 2); // "." and ".."
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

TEST_CASE("a boot image without content is removed, since nobody could tell it from a twin") {
    const FatVolume esp;
    esp.write("node_2.0.0+3-0.efi", {});
    esp.write("node_3.0.0+3-0.efi", {});
    esp.write("not-our-own.efi", {});
    // As the layout of names leaves it when the power goes: the same name twice.
    const auto names = esp.names();
    const FatName& first = find(names, "node_2.0.0+3-0.efi");
    const FatName& second = find(names, "node_3.0.0+3-0.efi");
    REQUIRE(first.records.size() == second.records.size());
    for (std::size_t i = 0; i < first.records.size(); ++i) {
        Bytes record(32);
        esp.region().read(record, first.records[i]);
        esp.region().write(record, second.records[i]);
    }
    heal_lengths(esp.region());
    const auto left = esp.names();
    CHECK(std::none_of(left.begin(), left.end(),
                       [](const FatName& file) { return file.name.starts_with("node_"); }));
    CHECK(std::any_of(left.begin(), left.end(),
                      [](const FatName& file) { return file.name == "not-our-own.efi"; }));
}
