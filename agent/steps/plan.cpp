// SPDX-License-Identifier: Apache-2.0
#include "agent/steps/plan.hpp"

#include "base/units.hpp"

#include <algorithm>
#include <tuple>

namespace quoin {

namespace {

constexpr std::uint64_t largest_piece = 64 * KiB;
constexpr std::uint64_t all_pieces = 1 * MiB;

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

/// The missing pieces of the boot image that come along with the root, or all others.
std::vector<const PlacedChunk*> missing_pieces(const std::vector<PlannedChunk>& uki, bool early) {
    std::vector<const PlacedChunk*> pieces;
    std::uint64_t space = all_pieces;
    for (const PlannedChunk& planned : uki) {
        if (planned.origin != ChunkOrigin::bundle)
            continue;
        const std::uint32_t size = planned.placed.chunk.size;
        const bool comes_early = size <= std::min(largest_piece, space);
        if (comes_early)
            space -= size;
        if (comes_early == early)
            pieces.push_back(&planned.placed);
    }
    return pieces;
}

} // namespace

void InstallPlan::each_missing(
    const std::function<void(bool in_uki, std::uint64_t offset, std::uint32_t size)>& visit) const {
    for (const auto* chunks : {&root, &uki})
        for (const auto& [placed, local_offset, origin] : *chunks)
            if (origin == ChunkOrigin::bundle)
                visit(placed.in_uki, placed.target_offset, placed.chunk.size);
}

std::vector<bool> InstallPlan::missing() const {
    std::vector<bool> missing;
    missing.reserve(root.size() + uki.size());
    for (const auto* part : {&root, &uki})
        for (const PlannedChunk& chunk : *part)
            missing.push_back(chunk.origin == ChunkOrigin::bundle);
    return missing;
}

std::uint64_t InstallPlan::bytes_to_fetch() const {
    std::uint64_t bytes = 0;
    each_missing([&bytes](bool, std::uint64_t, std::uint32_t size) { bytes += size; });
    return bytes;
}

std::vector<const PlacedChunk*> InstallPlan::fetched_with_root() const {
    std::vector<const PlacedChunk*> wanted = missing_pieces(uki, true);
    for (const PlannedChunk& planned : root)
        if (planned.origin == ChunkOrigin::bundle)
            wanted.push_back(&planned.placed);
    std::sort(wanted.begin(), wanted.end(), [](const PlacedChunk* left, const PlacedChunk* right) {
        return left->data_offset < right->data_offset;
    });
    return wanted;
}

std::vector<const PlacedChunk*> InstallPlan::fetched_with_boot_image() const {
    return missing_pieces(uki, false);
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
