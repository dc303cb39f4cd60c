// SPDX-License-Identifier: Apache-2.0
#include "agent/steps/prepare_install.hpp"

#include "agent/fetch/http_client.hpp"
#include "agent/steps/observe.hpp"
#include "agent/steps/stage_boot_image.hpp"
#include "agent/steps/write_slot.hpp"
#include "base/terminal.hpp"
#include "disk/verity.hpp"

namespace quoin {

namespace {

/// The index kept with a slot; empty when there is none.
SlotIndex known_index(const Node& node, char name, bool finished_only) {
    const Slot& slot = node.slot(name);
    const auto stored = read_slot_index(node.verity_region(slot));
    if (!stored || (finished_only && (stored->state != SlotIndexState::complete ||
                                      stored->root_hash != slot.root_hash)))
        return {};
    try {
        return SlotIndex::parse(stored->index);
    } catch (const Error& problem) {
        say_detail("cannot use the index of slot '" + std::string(1, name) +
                   "': " + problem.what() + ", ignoring");
        return {};
    }
}

/// Adds what fetching `wanted` takes.
void add_ranges(InstallEstimate& estimate, const std::vector<const PlacedChunk*>& wanted,
                std::uint64_t data_start, bool seekable) {
    for (std::size_t next = 0; next < wanted.size();) {
        const DataRange range = range_from(wanted, next, seekable);
        // Where the source cannot seek everything in front of the range comes, too, and a little of
        // what lies behind it.
        estimate.bytes_to_fetch +=
            seekable ? range.end - range.start : data_start + range.end + receive_size;
        ++estimate.requests;
        while (next < wanted.size() && wanted[next]->data_offset >= range.start &&
               wanted[next]->data_offset < range.end)
            ++next;
    }
}

} // namespace

PreparedInstall prepare_install(const Node& node, const BootLoader& loader, BundleSource& source,
                                bool allow_quarantined) {
    PreparedInstall prepared;
    prepared.bundle = open_bundle(source, node.trust_anchors());
    const Manifest& manifest = prepared.bundle.manifest;
    const AgentState state = AgentState::read(node.state_directory());
    const Observation seen = observe(node, loader, state);
    ReleaseContext context = release_context(manifest, node, loader, state, seen);
    context.agent_version = QUOIN_VERSION;
    context.allow_quarantined = allow_quarantined;
    require_accepted(manifest, context);

    prepared.roles = roles_of(seen);
    const ObservedSlot& running = seen.slot(prepared.roles.running);
    prepared.from_version = running.slot.version;
    prepared.from_root_hash = running.root_hash();
    if (running.entry)
        prepared.running_image = loader.path_of(running.entry->name);

    prepared.index = fetch_index(source, prepared.bundle);
    prepared.plan = make_plan(parse_index(prepared.index, manifest),
                              known_index(node, prepared.roles.target, false),
                              known_index(node, prepared.roles.running, true));
    settle_boot_image(prepared.plan, prepared.running_image);
    return prepared;
}

bool index_is_written(const Node& node, const PreparedInstall& prepared) {
    const Manifest& manifest = prepared.bundle.manifest;
    const auto stored = read_slot_index(node.verity_region(node.slot(prepared.roles.target)));
    return stored && stored->state == SlotIndexState::writing &&
           stored->root_hash == manifest.root_hash &&
           sha256(stored->index) == manifest.index_sha256;
}

void prove_local_chunks(PreparedInstall& prepared, const Node& node, const ProgressObserver& step) {
    const Region target = node.root_region(node.slot(prepared.roles.target));
    const Region running = node.root_region(node.slot(prepared.roles.running));
    const std::uint64_t whole = prepared.bundle.manifest.root_size;
    std::uint64_t done = 0;
    Bytes content;
    for (PlannedChunk& planned : prepared.plan.root) {
        const PlacedChunk& placed = planned.placed;
        step(done += placed.chunk.size, whole);
        const bool in_place = planned.origin == ChunkOrigin::in_place;
        if (planned.origin != ChunkOrigin::bundle &&
            !holds_chunk(in_place ? target : running,
                         in_place ? placed.target_offset : planned.local_offset, placed.chunk,
                         content))
            planned.origin = ChunkOrigin::bundle;
    }
}

InstallEstimate estimate_install(const PreparedInstall& prepared, const Node& node,
                                 const BundleSource& source) {
    const Manifest& manifest = prepared.bundle.manifest;
    InstallEstimate estimate;
    estimate.bytes_total = manifest.root_size + manifest.uki_size;
    estimate.bytes_reused = estimate.bytes_total - prepared.plan.bytes_to_fetch();
    estimate.bytes_to_fetch = source.bytes();
    estimate.requests = source.requests();
    const std::uint64_t data_start = prepared.bundle.header.data_offset();
    add_ranges(estimate, prepared.plan.fetched_with_root(), data_start, source.seekable());
    add_ranges(estimate, prepared.plan.fetched_with_boot_image(), data_start, source.seekable());

    estimate.bytes_to_write = verity_area_size(manifest.root_size) + manifest.uki_size +
                              prepared.bundle.header.head_size();
    if (!index_is_written(node, prepared))
        estimate.bytes_to_write += manifest.index_size;
    for (const PlannedChunk& planned : prepared.plan.root)
        if (planned.origin != ChunkOrigin::in_place)
            estimate.bytes_to_write += planned.placed.chunk.size;
    return estimate;
}

void require_within(const InstallEstimate& estimate, std::uint64_t most_bytes) {
    if (estimate.bytes_to_fetch > most_bytes)
        throw refused("cannot install: " + std::to_string(estimate.bytes_to_fetch) +
                      " bytes would have to be fetched, " + std::to_string(most_bytes) +
                      " are allowed; nothing was changed");
}

} // namespace quoin
