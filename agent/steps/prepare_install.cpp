// SPDX-License-Identifier: Apache-2.0
#include "agent/steps/prepare_install.hpp"

#include "agent/fetch/http_client.hpp"
#include "agent/steps/observe.hpp"
#include "agent/steps/read_back.hpp"
#include "agent/steps/write_slot.hpp"
#include "base/terminal.hpp"
#include "disk/verity.hpp"

#include <utility>

namespace quoin {

namespace {

/// What a slot holds by the index that is kept with it.
ChunkWalk walk_of(const StoredIndexHeader& header) {
    return [&header](const ChunkVisitor& visit) {
        if (!walk_index(header, visit))
            say_detail(header.index.name() + " is damaged; only what is proven of it is used");
    };
}

/// Where the chunks of the bundle's index may be had from.
InstallPlan make_plan(Bytes index, const Node& node, const UpdateRoles& roles) {
    InstallPlan plan(std::move(index));
    const Slot& running = node.slot(roles.running);
    const auto there = read_slot_index_header(node.verity_region(running));
    if (there && there->state == SlotIndexState::complete && there->root_hash == running.root_hash)
        plan.use_running(walk_of(*there));
    if (const auto here = read_slot_index_header(node.verity_region(node.slot(roles.target))))
        plan.use_target(walk_of(*here));
    return plan;
}

void check_sizes(const IndexView& index, const Manifest& manifest) {
    if (index.root_size() != manifest.root_size || index.uki_size() != manifest.uki_size)
        throw refused("cannot use the bundle's index: its sizes are not the manifest's");
}

/// Adds what fetching `wanted` takes.
void add_ranges(InstallEstimate& estimate, const WantedChunks& wanted, std::uint64_t data_start,
                bool seekable) {
    for (std::size_t next = 0; next < wanted.count;) {
        const DataRange range = range_from(wanted, next, seekable);
        // Where the source cannot seek everything in front of the range comes, too, and a little of
        // what lies behind it.
        estimate.bytes_to_fetch +=
            seekable ? range.end - range.start : data_start + range.end + receive_size;
        ++estimate.requests;
        do
            ++next;
        while (next < wanted.count && wanted.at(next).data_offset >= range.start &&
               wanted.at(next).data_offset < range.end);
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
        prepared.boot_images.running = loader.path_of(running.entry->name);
    prepared.boot_images.staged = loader.path_of(staged_name(manifest));

    prepared.plan = make_plan(fetch_index(source, prepared.bundle), node, prepared.roles);
    check_sizes(prepared.plan.index(), manifest);
    settle_boot_image(prepared.plan, prepared.boot_images);
    return prepared;
}

bool index_is_written(const Node& node, const PreparedInstall& prepared) {
    const Manifest& manifest = prepared.bundle.manifest;
    const auto stored =
        read_slot_index_header(node.verity_region(node.slot(prepared.roles.target)));
    return stored && is_index_of(*stored, manifest, SlotIndexState::writing);
}

void prove_local_chunks(PreparedInstall& prepared, const Node& node, const ProgressObserver& step) {
    const Region target = node.root_region(node.slot(prepared.roles.target));
    const Region running = node.root_region(node.slot(prepared.roles.running));
    const std::uint64_t whole = prepared.bundle.manifest.root_size;
    std::uint64_t done = 0;
    Bytes content;
    InstallPlan& plan = prepared.plan;
    for (std::uint32_t number = 0; number < plan.index().root_chunks(); ++number) {
        const Chunk chunk = plan.index().chunk(number);
        const std::uint64_t place = std::exchange(done, done + chunk.size);
        step(done, whole);
        settle_origin(plan, number, place, target, running, content);
    }
}

InstallEstimate estimate_install(PreparedInstall& prepared, const Node& node,
                                 const BundleSource& source) {
    const Manifest& manifest = prepared.bundle.manifest;
    InstallEstimate estimate;
    estimate.bytes_total = manifest.root_size + manifest.uki_size;
    estimate.bytes_reused = estimate.bytes_total - prepared.plan.bytes_to_fetch();
    estimate.bytes_to_fetch = source.bytes();
    estimate.requests = source.requests();
    const std::uint64_t data_start = prepared.bundle.header.data_offset();
    InstallPlan& plan = prepared.plan;
    for (const auto& numbers : {plan.fetched_with_root(), plan.fetched_with_boot_image()})
        add_ranges(estimate, plan.wanted(numbers), data_start, source.seekable());

    estimate.bytes_to_write = verity_area_size(manifest.root_size) + manifest.uki_size +
                              prepared.bundle.header.head_size();
    if (!index_is_written(node, prepared))
        estimate.bytes_to_write += manifest.index_size;
    for (std::uint32_t number = 0; number < plan.index().root_chunks(); ++number)
        if (plan.origin(number) != ChunkOrigin::in_place)
            estimate.bytes_to_write += plan.index().chunk(number).size;
    return estimate;
}

void require_within(const InstallEstimate& estimate, std::uint64_t spent,
                    std::uint64_t most_bytes) {
    if (spent <= most_bytes && estimate.bytes_to_fetch <= most_bytes - spent)
        return;
    const std::string before =
        spent == 0 ? "" : ", " + std::to_string(spent) + " were before the file changed";
    throw refused("cannot install: " + std::to_string(estimate.bytes_to_fetch) +
                  " bytes would have to be fetched" + before + ", " + std::to_string(most_bytes) +
                  " are allowed; " +
                  (spent == 0 ? "nothing was changed" : "the running system is untouched"));
}

} // namespace quoin
