// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"
#include "base/units.hpp"
#include "builder/stages/disk_layout.hpp"
#include "disk/verity.hpp"
#include "support/catch.hpp"

using namespace quoin;

namespace {

Recipe recipe() {
    Recipe recipe;
    recipe.id = "node";
    recipe.version = "1.0.0";
    recipe.architecture = "x86-64";
    return recipe;
}

Digest some_root_hash() {
    return sha256(bytes_of("root"));
}

} // namespace

TEST_CASE("the whole disk is at most four times the root and 400 MiB") {
    for (const std::uint64_t root :
         {std::uint64_t{4096}, 3 * MiB, 20 * MiB, 64 * MiB, 161 * MiB, 900 * MiB, 7 * GiB}) {
        CAPTURE(root);
        CHECK(lay_out_disk(recipe(), root, root / 2000 + 4096).disk_size <= 4 * root + 400 * MiB);
    }
}

TEST_CASE("partitions follow each other on whole mebibytes, root A right behind the ESP") {
    const auto layout = lay_out_disk(recipe(), 50 * MiB + 4096, 30'000);
    CHECK(layout.esp.start == MiB);
    const std::vector<Extent> places = {layout.esp,    layout.root_a,   layout.verity_a,
                                        layout.root_b, layout.verity_b, layout.data};
    for (std::size_t i = 0; i < places.size(); ++i) {
        CHECK(places[i].start % MiB == 0);
        CHECK(places[i].size % MiB == 0);
        CHECK(places[i].size > 0);
        CHECK(places[i].end() ==
              (i + 1 < places.size() ? places[i + 1].start : layout.disk_size - MiB));
    }
    CHECK(layout.root_a.start == esp_extent(recipe()).end());
}

TEST_CASE("both slots have the same size and room for a root half as large again") {
    const auto layout = lay_out_disk(recipe(), 200 * MiB, 60'000);
    CHECK(layout.root_a.size == 300 * MiB);
    CHECK(layout.root_b.size == layout.root_a.size);
    CHECK(layout.verity_b.size == layout.verity_a.size);
}

TEST_CASE("a small root's slot has 32 MiB of room") {
    CHECK(lay_out_disk(recipe(), MiB, 4096).root_a.size == 33 * MiB);
}

TEST_CASE("the verity partition holds the tree of a full slot and the index") {
    for (const std::uint64_t index : {std::uint64_t{100}, 500'000UL, 20 * MiB}) {
        const auto layout = lay_out_disk(recipe(), 100 * MiB, index);
        CHECK(layout.verity_a.size >= verity_area_size(layout.root_a.size) + index + 4096);
    }
}

TEST_CASE("sizes of the recipe are kept, and a slot too small for the root is refused") {
    auto with_sizes = recipe();
    with_sizes.esp_size = 100 * MiB;
    with_sizes.root_size = 64 * MiB;
    with_sizes.data_size = 1 * GiB;
    const auto layout = lay_out_disk(with_sizes, 10 * MiB, 4096);
    CHECK(layout.esp.size == 100 * MiB);
    CHECK(layout.root_a.size == 64 * MiB);
    CHECK(layout.data.size == 1 * GiB);
    CHECK_THROWS_WITH(lay_out_disk(with_sizes, 65 * MiB, 4096), Catch::Contains("'root_size'"));
}

TEST_CASE("slot a's UUIDs are the halves of the root hash, all others differ from each other") {
    const auto layout = lay_out_disk(recipe(), 10 * MiB, 4096);
    const auto partitions = image_partitions(recipe(), layout, some_root_hash());
    REQUIRE(partitions.size() == 6);
    CHECK(partitions[1].uuid == data_partition_uuid(some_root_hash()));
    CHECK(partitions[2].uuid == verity_partition_uuid(some_root_hash()));
    for (std::size_t i = 0; i < 6; ++i) {
        CHECK(partitions[i].number == i + 1);
        for (std::size_t j = 0; j < i; ++j)
            CHECK_FALSE(partitions[i].uuid == partitions[j].uuid);
    }
}

TEST_CASE("labels and flags tell slots, empty slots and the growing data partition") {
    const auto layout = lay_out_disk(recipe(), 10 * MiB, 4096);
    const auto partitions = image_partitions(recipe(), layout, some_root_hash());
    std::vector<std::string> labels;
    for (const auto& partition : partitions)
        labels.push_back(partition.label);
    CHECK(labels == std::vector<std::string>{"esp", "node_1.0.0", "node_1.0.0_verity", "_empty",
                                             "_empty", "data"});
    CHECK(partitions[1].attributes == gpt_read_only);
    CHECK(partitions[3].attributes == (gpt_read_only | gpt_no_auto));
    CHECK(partitions[5].attributes == gpt_grow_file_system);
    CHECK(partitions[1].type == partition_types("x86-64").root);
    CHECK(partitions[4].type == partition_types("x86-64").root_verity);
}
