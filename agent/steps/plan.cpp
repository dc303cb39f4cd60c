// SPDX-License-Identifier: Apache-2.0
#include "agent/steps/plan.hpp"

#include <algorithm>
#include <tuple>

namespace quoin {

namespace {

struct LocalChunk {
    std::array<std::uint8_t, 16> hash;
    std::uint32_t size;
    std::uint64_t offset;
};

bool same_content(const LocalChunk& local, const Chunk& chunk) {
    return local.size == chunk.size && local.hash == chunk.hash;
}

/// In the order of the file.
std::vector<LocalChunk> locate(const std::vector<Chunk>& chunks) {
    std::vector<LocalChunk> located;
    located.reserve(chunks.size());
    std::uint64_t offset = 0;
    for (const Chunk& chunk : chunks) {
        located.push_back({chunk.hash, chunk.size, offset});
        offset += chunk.size;
    }
    return located;
}

/// Both in the order of their files: one walk through both.
void find_in_place(std::vector<PlannedChunk>& planned, const std::vector<LocalChunk>& in_slot) {
    auto local = in_slot.begin();
    for (PlannedChunk& chunk : planned) {
        const std::uint64_t target = chunk.placed.target_offset;
        while (local != in_slot.end() && local->offset < target)
            ++local;
        if (local == in_slot.end())
            return;
        if (local->offset == target && same_content(*local, chunk.placed.chunk))
            chunk.origin = ChunkOrigin::in_place;
    }
}

void find_elsewhere(std::vector<PlannedChunk>& planned, std::vector<LocalChunk> running) {
    std::sort(running.begin(), running.end(), [](const LocalChunk& left, const LocalChunk& right) {
        return std::tie(left.hash, left.offset) < std::tie(right.hash, right.offset);
    });
    for (PlannedChunk& chunk : planned) {
        if (chunk.origin != ChunkOrigin::bundle)
            continue;
        const auto& hash = chunk.placed.chunk.hash;
        const auto local = std::lower_bound(
            running.begin(), running.end(), hash,
            [](const LocalChunk& candidate, const auto& key) { return candidate.hash < key; });
        if (local != running.end() && same_content(*local, chunk.placed.chunk)) {
            chunk.origin = ChunkOrigin::running;
            chunk.local_offset = local->offset;
        }
    }
}

bool in_target_order(const PlannedChunk& left, const PlannedChunk& right) {
    return left.placed.target_offset < right.placed.target_offset;
}

std::uint64_t missing(const std::vector<PlannedChunk>& chunks) {
    std::uint64_t bytes = 0;
    for (const PlannedChunk& chunk : chunks)
        if (chunk.origin == ChunkOrigin::bundle)
            bytes += chunk.placed.chunk.size;
    return bytes;
}

} // namespace

std::uint64_t InstallPlan::bytes_to_fetch() const {
    return missing(root) + missing(uki);
}

InstallPlan make_plan(const SlotIndex& wanted, const SlotIndex& in_slot, const SlotIndex& running) {
    InstallPlan plan;
    plan.root.reserve(wanted.root.size());
    plan.uki.reserve(wanted.uki.size());
    for (const PlacedChunk& placed : place_chunks(wanted))
        (placed.in_uki ? plan.uki : plan.root).push_back({placed, 0, ChunkOrigin::bundle});
    std::sort(plan.root.begin(), plan.root.end(), in_target_order);
    std::sort(plan.uki.begin(), plan.uki.end(), in_target_order);

    find_in_place(plan.root, locate(in_slot.root));
    find_elsewhere(plan.root, locate(running.root));
    find_elsewhere(plan.uki, locate(running.uki));
    return plan;
}

} // namespace quoin
