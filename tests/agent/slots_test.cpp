// SPDX-License-Identifier: Apache-2.0
#include "agent/slots.hpp"
#include "base/error.hpp"
#include "support/catch.hpp"

using namespace quoin;

namespace {

Uuid filled(std::uint8_t byte) {
    Uuid uuid;
    uuid.bytes.fill(byte);
    return uuid;
}

Partition partition(unsigned number, const Uuid& type, const std::string& label,
                    std::uint8_t uuid) {
    return {number, type, filled(uuid), label, 0, number * 4096ULL, 4096};
}

GptTable table_of(const std::string& first, const std::string& first_verity,
                  const std::string& second, const std::string& second_verity,
                  const std::string& architecture = "x86-64") {
    const PartitionTypes types = partition_types(architecture);
    GptTable table;
    // Out of order on purpose: the number counts, not the place in the list.
    table.partitions = {
        partition(4, types.root, second, 0xcc),
        partition(5, types.root_verity, second_verity, 0xdd), partition(1, esp_type(), "esp", 0x11),
        partition(2, types.root, first, 0xaa), partition(3, types.root_verity, first_verity, 0xbb)};
    return table;
}

} // namespace

TEST_CASE("a slot's name and root hash come from its two partitions") {
    const auto slots =
        identify_slots(table_of("node_1.0.0", "node_1.0.0_verity", "_empty", "_empty"), "disk");
    CHECK(slots[0].name == 'a');
    CHECK(slots[0].root.number == 2);
    CHECK(slots[0].verity.number == 3);
    CHECK(slots[0].id == "node");
    CHECK(slots[0].version == "1.0.0");
    REQUIRE(slots[0].root_hash);
    CHECK(slots[0].root_hash->hex() == std::string(32, 'a') + std::string(32, 'b'));
    CHECK(slots[1].name == 'b');
    CHECK(slots[1].empty());
}

TEST_CASE("a slot is empty unless both its partitions name the same release") {
    for (const auto& [root, verity] :
         std::vector<std::pair<std::string, std::string>>{{"_empty", "_empty"},
                                                          {"node_1", "_empty"},
                                                          {"_empty", "node_1_verity"},
                                                          {"node_1", "node_2_verity"},
                                                          {"root", "root_verity"},
                                                          {"", ""}}) {
        CAPTURE(root, verity);
        CHECK(identify_slots(table_of(root, verity, "_empty", "_empty"), "disk")[0].empty());
    }
}

TEST_CASE("slots are found on other architectures, too") {
    const auto slots =
        identify_slots(table_of("n_1", "n_1_verity", "_empty", "_empty", "arm64"), "disk");
    CHECK(slots[0].version == "1");
}

TEST_CASE("a disk without two pairs of partitions is refused by name") {
    GptTable table = table_of("n_1", "n_1_verity", "_empty", "_empty");
    table.partitions.erase(table.partitions.begin());
    CHECK_THROWS_WITH(identify_slots(table, "some.raw"), Catch::Matchers::Contains("'some.raw'"));
}
