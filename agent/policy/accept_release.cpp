// SPDX-License-Identifier: Apache-2.0
// The order of the questions: is there anything to do, is it for this node, is it allowed, does it
// fit. A node that has nothing to do must not report a refusal.
#include "agent/policy/accept_release.hpp"

#include "base/error.hpp"
#include "base/units.hpp"
#include "disk/gpt.hpp"
#include "disk/verity.hpp"
#include "disk/version_order.hpp"

#include <compare>

namespace quoin {

namespace {

/// GPT labels hold 36 UTF-16 units.
constexpr std::size_t longest_label = 36;

bool differs(const std::string& known, const std::string& value) {
    return !known.empty() && known != value;
}

/// "needs 1.5 GiB, the slot has 1 GiB"
std::string sizes(std::uint64_t needed, const std::string& place, std::uint64_t space) {
    return "needs " + format_size(needed) + ", " + place + " has " + format_size(space);
}

} // namespace

std::string root_label(const std::string& id, const std::string& version) {
    return id + "_" + version;
}

std::string verity_label(const std::string& id, const std::string& version) {
    return root_label(id, version) + "_verity";
}

std::uint64_t verity_space_needed(const Manifest& manifest) {
    return round_up(verity_area_size(manifest.root_size), verity_block_size) +
           round_up(manifest.index_size, verity_block_size) + verity_block_size;
}

Acceptance accept_release(const Manifest& manifest, const ReleaseContext& context) {
    const bool other_image = differs(context.id, manifest.id);
    const bool version_known = !context.version.empty() && !other_image;
    const auto order = version_known ? compare_versions(manifest.version, context.version)
                                     : std::strong_ordering::greater;

    if (context.root_hash == manifest.root_hash)
        return Acceptance::already_running;
    if (context.armed == manifest.root_hash)
        return Acceptance::already_armed;
    if (other_image)
        return Acceptance::other_image;
    if (differs(context.architecture, manifest.architecture))
        return Acceptance::wrong_architecture;
    if (differs(context.compatible, manifest.compatible))
        return Acceptance::wrong_compatible;
    if (std::is_lt(compare_versions(context.agent_version, manifest.minimum_agent)))
        return Acceptance::agent_too_old;
    if (order == std::strong_ordering::equal)
        return Acceptance::version_reused;
    if (order == std::strong_ordering::less)
        return Acceptance::older_version;
    if (manifest.security_epoch < context.security_epoch)
        return Acceptance::older_security_epoch;
    if (context.quarantined && !context.allow_quarantined)
        return Acceptance::quarantined;
    if (!context.running_confirmed && context.other_confirmed)
        return Acceptance::running_unconfirmed;
    if (utf16_length(verity_label(manifest.id, manifest.version)) > longest_label)
        return Acceptance::label_too_long;
    if (manifest.root_size > context.root_space)
        return Acceptance::root_too_large;
    if (verity_space_needed(manifest) > context.verity_space)
        return Acceptance::verity_too_large;
    if (manifest.uki_size > context.boot_space)
        return Acceptance::boot_image_too_large;
    return Acceptance::accepted;
}

std::string explain(Acceptance acceptance, const Manifest& manifest,
                    const ReleaseContext& context) {
    switch (acceptance) {
    case Acceptance::accepted:
        return "it may be installed";
    case Acceptance::already_running:
        return "it is the running system";
    case Acceptance::already_armed:
        return "it is installed already and starts with the next boot";
    case Acceptance::other_image:
        return "it is an image '" + manifest.id + "', this node runs '" + context.id + "'";
    case Acceptance::wrong_architecture:
        return "it is for " + manifest.architecture + ", this node is " + context.architecture;
    case Acceptance::wrong_compatible:
        return "it is compatible with '" + manifest.compatible + "', this node is '" +
               context.compatible + "'";
    case Acceptance::agent_too_old:
        return "it needs agent " + manifest.minimum_agent + " or newer, this is " +
               context.agent_version;
    case Acceptance::version_reused:
        return "the running system has the same version but another root hash";
    case Acceptance::older_version:
        return "it is older than the running version " + context.version;
    case Acceptance::older_security_epoch:
        return "its security epoch is " + std::to_string(manifest.security_epoch) +
               ", the running system's " + std::to_string(context.security_epoch);
    case Acceptance::quarantined:
        return "it is quarantined: " + context.quarantined.value_or("");
    case Acceptance::running_unconfirmed:
        return "the running system is not confirmed yet, and the other slot is what it would fall "
               "back to";
    case Acceptance::label_too_long:
        return "its id and version are too long for a partition label";
    case Acceptance::root_too_large:
        return "its root " + sizes(manifest.root_size, "the slot", context.root_space);
    case Acceptance::verity_too_large:
        return "its hash tree and index " +
               sizes(verity_space_needed(manifest), "the slot", context.verity_space);
    case Acceptance::boot_image_too_large:
        return "its boot image " + sizes(manifest.uki_size, "the ESP", context.boot_space) +
               " for it";
    }
    return {};
}

void require_accepted(const Manifest& manifest, const ReleaseContext& context) {
    const Acceptance acceptance = accept_release(manifest, context);
    if (acceptance == Acceptance::accepted)
        return;
    const bool done =
        acceptance == Acceptance::already_running || acceptance == Acceptance::already_armed;
    throw Error(done ? ErrorCode::nothing_to_do : ErrorCode::refused,
                (done ? "nothing to install of '" : "cannot install '") +
                    root_label(manifest.id, manifest.version) +
                    "': " + explain(acceptance, manifest, context));
}

} // namespace quoin
