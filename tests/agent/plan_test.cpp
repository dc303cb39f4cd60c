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

/// Kinds are set as the part wants them.
SlotIndex index(std::vector<Chunk> root, std::vector<Chunk> uki = {}) {
    for (Chunk& piece : uki)
        piece.kind = ChunkKind::uki;
    return {std::move(root), std::move(uki)};
}

ChunkWalk walk(const SlotIndex& slot) {
    return [slot](const ChunkVisitor& visit) {
        for (const bool in_uki : {false, true}) {
            std::uint64_t offset = 0;
            for (const Chunk& piece : in_uki ? slot.uki : slot.root) {
                visit(piece, in_uki, offset);
                offset += piece.size;
            }
        }
    };
}

InstallPlan plan_for(const SlotIndex& wanted, const SlotIndex& target, const SlotIndex& running) {
    InstallPlan plan(wanted.serialize());
    plan.use_running(walk(running));
    plan.use_target(walk(target));
    return plan;
}

} // namespace

TEST_CASE("without any knowledge everything is fetched") {
    InstallPlan plan(index({chunk(1, 10), chunk(2, 20)}, {chunk(3, 5)}).serialize());
    CHECK(plan.index().root_chunks() == 2);
    CHECK(plan.index().size() == 3);
    CHECK(plan.bytes_to_fetch() == 35);
    CHECK(plan.missing() == std::vector<bool>{true, true, true});
}

TEST_CASE("a boot image that is partly there gives way to the running one, then to the bundle") {
    const SlotIndex wanted = index({chunk(1, 10)}, {chunk(2, 20), chunk(3, 30), chunk(4, 40)});
    InstallPlan plan(wanted.serialize());
    plan.use_running(walk(index({}, {chunk(9, 7), chunk(2, 20), chunk(3, 30)})));
    plan.use_staged();
    CHECK(plan.origin(0) == ChunkOrigin::bundle);
    CHECK(plan.origin(1) == ChunkOrigin::running); // the first sector is never there
    for (const std::uint32_t number : {2U, 3U}) {
        CHECK(plan.origin(number) == ChunkOrigin::in_place);
        plan.set_missing(number);
    }
    CHECK(plan.origin(3) == ChunkOrigin::bundle);
    REQUIRE(plan.origin(2) == ChunkOrigin::running);
    CHECK(plan.local_offset(2) == 27);
}

TEST_CASE("what is fetched is in the order of the bundle, small pieces of the boot image first") {
    InstallPlan plan(index({chunk(1, 10, 4), chunk(2, 20, 0), chunk(3, 30, 4)},
                           {chunk(4, small_uki_chunk + 1), chunk(5, 7)})
                         .serialize());
    const auto with_root = plan.fetched_with_root();
    CHECK(with_root == std::vector<std::uint32_t>{4, 1, 0, 2});
    const WantedChunks wanted = plan.wanted(with_root);
    CHECK(wanted.count == 4);
    CHECK(wanted.at(1).data_offset == 7);
    CHECK(wanted.at(1).size == 20);
    CHECK(wanted.at(3).data_offset == 37);
    CHECK(plan.target_offset(2) == 30);
    CHECK(plan.target_offset(4) == small_uki_chunk + 1);
    const auto later = plan.fetched_with_boot_image();
    CHECK(later == std::vector<std::uint32_t>{3});
    CHECK(plan.wanted(later).at(0).data_offset == 67);
}

TEST_CASE("small pieces of the boot image beyond 1 MiB come with the rest of it") {
    std::vector<Chunk> pieces;
    for (std::uint8_t i = 0; i < 17; ++i)
        pieces.push_back(chunk(i, small_uki_chunk));
    InstallPlan plan(index({chunk(99, 1)}, pieces).serialize());
    CHECK(plan.fetched_with_root().size() == 17); // 16 pieces and the root
    CHECK(plan.fetched_with_boot_image() == std::vector<std::uint32_t>{17});
}

TEST_CASE("chunks of the running slot are found wherever they lie, all of their copies") {
    const InstallPlan plan =
        plan_for(index({chunk(1, 10), chunk(2, 20), chunk(1, 10)}), {},
                 index({chunk(9, 7), chunk(2, 20), chunk(1, 10), chunk(1, 10)}));
    for (const std::uint32_t number : {0U, 2U}) {
        CHECK(plan.origin(number) == ChunkOrigin::running);
        CHECK(plan.local_offset(number) == 27);
    }
    CHECK(plan.local_offset(1) == 7);
    CHECK(plan.bytes_to_fetch() == 0);
}

TEST_CASE("a chunk in place is preferred to a copy, one at another place is none") {
    const InstallPlan plan =
        plan_for(index({chunk(1, 10), chunk(2, 20), chunk(3, 30)}),
                 index({chunk(1, 10), chunk(3, 30), chunk(2, 20)}), index({chunk(1, 10)}));
    CHECK(plan.origin(0) == ChunkOrigin::in_place);
    CHECK(plan.origin(1) == ChunkOrigin::bundle);
    CHECK(plan.origin(2) == ChunkOrigin::bundle);
}

TEST_CASE(
    "a chunk that is not in place after all is copied, and fetched if it is not there either") {
    InstallPlan plan = plan_for(index({chunk(1, 10), chunk(2, 20)}),
                                index({chunk(1, 10), chunk(2, 20)}), index({chunk(2, 20)}));
    plan.set_missing(0);
    CHECK(plan.origin(0) == ChunkOrigin::bundle);
    plan.set_missing(1);
    CHECK(plan.origin(1) == ChunkOrigin::running);
    CHECK(plan.local_offset(1) == 0);
    plan.set_missing(1);
    CHECK(plan.origin(1) == ChunkOrigin::bundle);
}

TEST_CASE("an equal hash with another size is another chunk") {
    const InstallPlan plan =
        plan_for(index({chunk(1, 10)}), index({chunk(1, 11)}), index({chunk(1, 9)}));
    CHECK(plan.origin(0) == ChunkOrigin::bundle);
}

TEST_CASE("the boot image is matched against the running boot image only") {
    const InstallPlan plan = plan_for(index({chunk(1, 10)}, {chunk(2, 20), chunk(3, 30)}), {},
                                      index({chunk(2, 20)}, {chunk(8, 1), chunk(3, 30)}));
    CHECK(plan.origin(1) == ChunkOrigin::bundle);
    CHECK(plan.origin(2) == ChunkOrigin::running);
    CHECK(plan.local_offset(2) == 1);
}

TEST_CASE("a chunk that is not there after all is fetched from its own place") {
    InstallPlan plan = plan_for(index({chunk(1, 10), chunk(2, 20)}), {}, index({chunk(2, 20)}));
    CHECK(plan.fetched_with_root() == std::vector<std::uint32_t>{0});
    plan.set_missing(1);
    const auto numbers = plan.fetched_with_root();
    CHECK(numbers == std::vector<std::uint32_t>{0, 1});
    CHECK(plan.wanted(numbers).at(1).data_offset == 10);
}

TEST_CASE("places are right beyond the first sums, in root and boot image") {
    std::vector<Chunk> root;
    std::vector<Chunk> uki;
    for (std::uint32_t i = 0; i < 100; ++i) {
        root.push_back(chunk(1, i + 1));
        uki.push_back(chunk(2, 3));
    }
    const InstallPlan plan(index(root, uki).serialize());
    CHECK(plan.target_offset(64) == 64 * 65 / 2);
    CHECK(plan.target_offset(99) == 99 * 100 / 2);
    CHECK(plan.target_offset(100) == 0);
    CHECK(plan.target_offset(199) == 297);
}
