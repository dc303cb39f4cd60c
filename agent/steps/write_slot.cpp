// SPDX-License-Identifier: Apache-2.0
// Two passes: first, in the order of the slot, what the node has; then, in the order of the bundle,
// what is missing. Memory: one chunk, one write buffer, the pieces (1 MiB each).
#include "agent/steps/write_slot.hpp"

#include "agent/steps/slot_writer.hpp"
#include "base/error.hpp"

namespace quoin {

namespace {

void use_local_chunks(const Region& target, const Region& running, InstallPlan& plan,
                      SlotWriter& writer, const std::function<void(std::uint64_t)>& in_place) {
    Bytes content;
    for (PlannedChunk& planned : plan.root) {
        const PlacedChunk& placed = planned.placed;
        switch (planned.origin) {
        case ChunkOrigin::bundle:
            continue;
        case ChunkOrigin::in_place:
            if (!holds_chunk(target, placed.target_offset, placed.chunk, content)) {
                planned.origin = ChunkOrigin::bundle;
                continue;
            }
            break;
        case ChunkOrigin::running:
            if (!holds_chunk(running, planned.local_offset, placed.chunk, content)) {
                planned.origin = ChunkOrigin::bundle;
                continue;
            }
            writer.put(placed.target_offset, content);
            break;
        }
        in_place(placed.chunk.size);
    }
}

} // namespace

bool holds_chunk(const Region& region, std::uint64_t offset, const Chunk& chunk, Bytes& buffer) {
    buffer.resize(chunk.size);
    try {
        region.read(buffer, offset);
    } catch (const Error&) {
        return false;
    }
    return chunk_hash(buffer) == chunk.hash;
}

WriteSlotResult write_slot(const Region& target, const Region& running, InstallPlan& plan,
                           BundleSource& source, std::uint64_t data_start,
                           const ProgressObserver& step) {
    WriteSlotResult result;
    std::uint64_t whole = 0;
    for (const PlannedChunk& planned : plan.root)
        whole += planned.placed.chunk.size;
    std::uint64_t done = 0;
    const auto in_place = [&](std::uint64_t bytes) { step(done += bytes, whole); };
    step(0, whole);

    SlotWriter writer(target);
    use_local_chunks(target, running, plan, writer, in_place);

    const auto wanted = plan.fetched_with_root();
    ChunkFetcher fetcher(source, data_start, wanted);
    for (const PlacedChunk* placed : wanted) {
        const ByteView content = fetcher.next();
        if (placed->in_uki) {
            result.boot_image.emplace(placed->target_offset, Bytes(content.begin(), content.end()));
            continue;
        }
        writer.put(placed->target_offset, content);
        in_place(content.size());
    }
    writer.finish();
    result.fetched = fetcher.delivered();
    result.written = writer.written();
    return result;
}

} // namespace quoin
