// SPDX-License-Identifier: Apache-2.0
#include "agent/steps/check_release.hpp"

#include "agent/steps/keep_manifest.hpp"
#include "base/error.hpp"

namespace quoin {

namespace {

/// A partition's type tells the architecture even where no running system can be asked.
std::string architecture_of(const Slot& slot) {
    for (const char* architecture : {"x86-64", "arm64"})
        if (slot.root.type == partition_types(architecture).root)
            return architecture;
    return {};
}

/// What the loader would start next, if that is not the running system.
std::optional<Digest> armed_release(const Observation& seen, const UpdateRoles& roles) {
    if (seen.next != roles.target)
        return std::nullopt;
    const ObservedSlot& target = seen.slot(roles.target);
    if (!target.listed() || target.entry->name.is_bad())
        return std::nullopt;
    return target.slot.root_hash;
}

/// Off the node the running root is not mounted; its signed manifest lies on the ESP.
ImageIdentity identity_on_disk(const Node& node, const Slot& running) {
    ImageIdentity identity;
    const auto kept = kept_manifest(node.esp_directory(), root_label(running.id, running.version),
                                    node.trust_anchors());
    if (kept && kept->root_hash == running.root_hash) {
        identity.compatible = kept->compatible;
        identity.security_epoch = kept->security_epoch;
    }
    return identity;
}

} // namespace

UpdateRoles roles_of(const Observation& seen) {
    const auto running = seen.running();
    if (!running)
        throw refused("cannot install: no boot entry belongs to a slot, so there is no running "
                      "system to keep");
    return {*running, *running == 'a' ? 'b' : 'a'};
}

bool is_on_trial(const Observation& seen) {
    const auto running = seen.running();
    return running && seen.slot(*running).state != SlotState::confirmed &&
           seen.other(*running).state == SlotState::confirmed;
}

bool is_superseded(const BootEntry& entry, const Slot& target, const Manifest& manifest) {
    return belongs_to(entry, target) ||
           (entry.name.id == manifest.id && entry.name.version == manifest.version);
}

ReleaseContext release_context(const Manifest& manifest, const Node& node, const BootLoader& loader,
                               const AgentState& state, const Observation& seen) {
    const UpdateRoles roles = roles_of(seen);
    const ObservedSlot& running = seen.slot(roles.running);
    const ObservedSlot& target = seen.slot(roles.target);
    const ImageIdentity identity =
        node.live() ? node.identity() : identity_on_disk(node, running.slot);

    ReleaseContext context;
    context.id = identity.id.empty() ? running.slot.id : identity.id;
    context.version = identity.version.empty() ? running.slot.version : identity.version;
    context.root_hash = running.slot.root_hash;
    context.architecture =
        identity.architecture.empty() ? architecture_of(target.slot) : identity.architecture;
    context.compatible = identity.compatible;
    context.security_epoch = identity.security_epoch;
    context.running_confirmed = running.state == SlotState::confirmed;
    context.other_confirmed = target.state == SlotState::confirmed;

    context.armed = armed_release(seen, roles);
    context.root_space = target.slot.root.size;
    context.verity_space = target.slot.verity.size;
    std::uint64_t removed = 0;
    for (const BootEntry& entry : seen.entries)
        if (!entry.listed || is_superseded(entry, target.slot, manifest))
            removed += entry.size;
    context.boot_space = loader.free_space(removed);

    if (const auto* record = state.quarantined(manifest.root_hash.hex()))
        context.quarantined = record->reason;
    return context;
}

} // namespace quoin
