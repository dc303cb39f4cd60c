// SPDX-License-Identifier: Apache-2.0
#include "early/boot_disk.hpp"

#include "base/error.hpp"
#include "support/catch.hpp"

using namespace quoin;
using namespace quoin::early;

static Uuid uuid_of(char digit) {
    std::string text = "00000000-0000-0000-0000-000000000000";
    text.back() = digit;
    return Uuid::parse(text).value();
}

static const Uuid esp_uuid = uuid_of('e');

static CommandLine line_for(char root, char verity, std::uint64_t blocks = 10) {
    const auto half = [](char digit) { return std::string(31, '0') + digit; };
    return {.root_hash = half(root) + half(verity), .salt = "", .blocks = blocks};
}

static Partition partition(unsigned number, const Uuid& uuid, std::uint64_t blocks = 10) {
    return {.number = number, .uuid = uuid, .size = blocks * 4096};
}

/// Slot a holds root hash 0…1 0…2, slot b 0…3 0…4.
static Disk disk_named(const std::string& name) {
    Disk disk{name, {}};
    disk.table.partitions = {partition(1, esp_uuid),     partition(2, uuid_of('1')),
                             partition(3, uuid_of('2')), partition(4, uuid_of('3')),
                             partition(5, uuid_of('4')), partition(6, uuid_of('6'))};
    disk.table.partitions[0].type = esp_type();
    disk.table.partitions[5].type = linux_generic_type();
    disk.table.partitions[5].label = "data";
    return disk;
}

TEST_CASE("the boot disk is the one that holds the loader's ESP") {
    std::vector<Disk> disks{disk_named("sda"), disk_named("vda")};
    disks[0].table.partitions[0].uuid = uuid_of('f');
    const Disk* chosen = choose_boot_disk(disks, esp_uuid, uuid_of('1'));
    REQUIRE(chosen != nullptr);
    CHECK(chosen->name == "vda");
}

TEST_CASE("without a loader's word the boot disk is the one that holds the root") {
    std::vector<Disk> disks{disk_named("sda"), disk_named("vda")};
    disks[0].table.partitions[1].uuid = uuid_of('f');
    const Disk* chosen = choose_boot_disk(disks, std::nullopt, uuid_of('1'));
    REQUIRE(chosen != nullptr);
    CHECK(chosen->name == "vda");
}

TEST_CASE("no disk is chosen while none fits, even when one holds the root but another ESP") {
    CHECK(choose_boot_disk({}, esp_uuid, uuid_of('1')) == nullptr);
    CHECK(choose_boot_disk({disk_named("vda")}, uuid_of('f'), uuid_of('1')) == nullptr);
}

TEST_CASE("two disks with the same UUIDs are refused by name") {
    const std::vector<Disk> disks{disk_named("sda"), disk_named("vda")};
    CHECK_THROWS_WITH(
        choose_boot_disk(disks, esp_uuid, uuid_of('1')),
        "cannot choose the boot disk: '/dev/sda' and '/dev/vda' both hold partition " +
            esp_uuid.text() + "; unplug one of them");
    CHECK_THROWS_AS(choose_boot_disk(disks, std::nullopt, uuid_of('1')), Error);
}

TEST_CASE("the slot is told by the root hash alone, whatever its label says") {
    const SlotPartitions a = find_slot(disk_named("vda"), line_for('1', '2'));
    CHECK(a.name == 'a');
    CHECK(a.root.number == 2);
    CHECK(a.verity.number == 3);
    const SlotPartitions b = find_slot(disk_named("vda"), line_for('3', '4'));
    CHECK(b.name == 'b');
    CHECK(b.root.number == 4);
    CHECK(b.verity.number == 5);
}

TEST_CASE("a root without its own verity partition is no slot") {
    CHECK_THROWS_WITH(find_slot(disk_named("vda"), line_for('1', '4')),
                      Catch::Matchers::Contains("cannot find the root on '/dev/vda'"));
    CHECK_THROWS_AS(find_slot({"vda", {}}, line_for('1', '2')), Error);
}

TEST_CASE("a root partition that is shorter than the signed root is refused") {
    CHECK_NOTHROW(find_slot(disk_named("vda"), line_for('1', '2', 10)));
    CHECK_THROWS_WITH(find_slot(disk_named("vda"), line_for('1', '2', 11)),
                      Catch::Matchers::Contains("shorter than the signed root"));
}

TEST_CASE("the ESP is the loader's, else the first; the data partition goes by type and label") {
    Disk disk = disk_named("vda");
    CHECK(find_esp(disk.table, esp_uuid)->number == 1);
    CHECK(find_esp(disk.table, std::nullopt)->number == 1);
    CHECK(find_esp(disk.table, uuid_of('f')) == nullptr);
    CHECK(find_data(disk.table)->number == 6);
    disk.table.partitions[5].type = esp_type();
    CHECK(find_data(disk.table) == nullptr);
}
