// SPDX-License-Identifier: Apache-2.0
#include "agent/steps/plan.hpp"
#include "support/catch.hpp"

using namespace quoin;

namespace {

Chunk chunk(std::uint8_t name, std::uint32_t size, std::uint16_t generation = 0) {
    Chunk result;
    result.hash[0] = name;
    result.size = size;
    result.generation = generation;
    return result;
}

SlotIndex index(std::vector<Chunk> root, std::vector<Chunk> uki = {}) {
    return {std::move(root), std::move(uki)};
}

} // namespace

TEST_CASE("without any knowledge everything is fetched") {
    const InstallPlan plan = make_plan(index({chunk(1, 10), chunk(2, 20)}, {chunk(3, 5)}), {}, {});
    REQUIRE(plan.root.size() == 2);
    REQUIRE(plan.uki.size() == 1);
    CHECK(plan.bytes_to_fetch() == 35);
}

TEST_CASE("the plan follows the root whatever the order in the bundle") {
    const InstallPlan plan =
        make_plan(index({chunk(1, 10, 4), chunk(2, 20, 0), chunk(3, 30, 4)}), {}, {});
    REQUIRE(plan.root.size() == 3);
    CHECK(plan.root[0].placed.target_offset == 0);
    CHECK(plan.root[1].placed.target_offset == 10);
    CHECK(plan.root[2].placed.target_offset == 30);
    CHECK(plan.root[1].placed.data_offset == 0); // the newest comes first
}

TEST_CASE("chunks of the running slot are found wherever they lie") {
    const InstallPlan plan = make_plan(index({chunk(1, 10), chunk(2, 20)}), {},
                                       index({chunk(9, 7), chunk(2, 20), chunk(1, 10)}));
    CHECK(plan.root[0].origin == ChunkOrigin::running);
    CHECK(plan.root[0].local_offset == 27);
    CHECK(plan.root[1].local_offset == 7);
    CHECK(plan.bytes_to_fetch() == 0);
}

TEST_CASE("a chunk in place is preferred to a copy, one at another place is none") {
    const InstallPlan plan =
        make_plan(index({chunk(1, 10), chunk(2, 20), chunk(3, 30)}),
                  index({chunk(1, 10), chunk(3, 30), chunk(2, 20)}), index({chunk(1, 10)}));
    CHECK(plan.root[0].origin == ChunkOrigin::in_place);
    CHECK(plan.root[1].origin == ChunkOrigin::bundle);
    CHECK(plan.root[2].origin == ChunkOrigin::bundle);
}

TEST_CASE("an equal hash with another size is another chunk") {
    const InstallPlan plan =
        make_plan(index({chunk(1, 10)}), index({chunk(1, 11)}), index({chunk(1, 9)}));
    CHECK(plan.root[0].origin == ChunkOrigin::bundle);
}

TEST_CASE("the boot image is matched against the running boot image only") {
    const InstallPlan plan = make_plan(index({chunk(1, 10)}, {chunk(2, 20), chunk(3, 30)}), {},
                                       index({chunk(2, 20)}, {chunk(8, 1), chunk(3, 30)}));
    CHECK(plan.uki[0].origin == ChunkOrigin::bundle);
    CHECK(plan.uki[1].origin == ChunkOrigin::running);
    CHECK(plan.uki[1].local_offset == 1);
}
