// SPDX-License-Identifier: Apache-2.0
// Two passes: first, in the order of the slot, what the node has; then, in the order of the bundle,
// what is missing. Memory: one chunk and the pieces (1 MiB each), two write
// buffers, 4 bytes for each chunk that is missing.
#include "agent/steps/write_slot.hpp"

#include "agent/steps/slot_writer.hpp"
#include "base/error.hpp"

#include <utility>

namespace quoin {

namespace {

void use_local_chunks(const Region& target, const Region& running, InstallPlan& plan,
                      SlotWriter& writer, const std::function<void(std::uint64_t)>& in_place) {
    Bytes content;
    std::uint64_t offset = 0;
    for (std::uint32_t number = 0; number < plan.index().root_chunks(); ++number) {
        const Chunk chunk = plan.index().chunk(number);
        const std::uint64_t place = std::exchange(offset, offset + chunk.size);
        settle_origin(plan, number, place, target, running, content);
        switch (plan.origin(number)) {
        case ChunkOrigin::bundle:
            continue;
        case ChunkOrigin::in_place:
            break;
        case ChunkOrigin::running:
            writer.put(place, content);
            break;
        }
        in_place(chunk.size);
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

void settle_origin(InstallPlan& plan, std::uint32_t number, std::uint64_t place,
                   const Region& target, const Region& running, Bytes& buffer) {
    const Chunk chunk = plan.index().chunk(number);
    for (;;) {
        switch (plan.origin(number)) {
        case ChunkOrigin::bundle:
            return;
        case ChunkOrigin::in_place:
            if (holds_chunk(target, place, chunk, buffer))
                return;
            break;
        case ChunkOrigin::running:
            if (holds_chunk(running, plan.local_offset(number), chunk, buffer))
                return;
            break;
        }
        plan.set_missing(number);
    }
}

WriteSlotResult write_slot(const Region& target, const Region& running, InstallPlan& plan,
                           BundleSource& source, std::uint64_t data_start,
                           const ProgressObserver& step) {
    WriteSlotResult result;
    const std::uint64_t whole = plan.index().root_size();
    std::uint64_t done = 0;
    const auto in_place = [&](std::uint64_t bytes) { step(done += bytes, whole); };
    step(0, whole);

    SlotWriter writer(target);
    use_local_chunks(target, running, plan, writer, in_place);

    const std::vector<std::uint32_t> numbers = plan.fetched_with_root();
    ChunkFetcher fetcher(source, data_start, plan.wanted(numbers));
    for (const std::uint32_t number : numbers) {
        const ByteView content = fetcher.next();
        const std::uint64_t place = plan.target_offset(number);
        if (plan.index().in_uki(number)) {
            result.boot_image.emplace(place, Bytes(content.begin(), content.end()));
            continue;
        }
        writer.put(place, content);
        in_place(content.size());
    }
    writer.finish();
    result.fetched = fetcher.delivered();
    result.written = writer.written();
    return result;
}

} // namespace quoin
