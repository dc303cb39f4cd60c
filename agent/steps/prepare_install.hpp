// SPDX-License-Identifier: Apache-2.0
// Everything of an install that comes before its first write: what the bundle is, whether this node
// may have it, what of it is missing here. `install` goes on from there, `install --dry-run` tells.
#pragma once

#include "agent/bootloaders/boot_loader.hpp"
#include "agent/fetch/open_bundle.hpp"
#include "agent/node.hpp"
#include "agent/steps/check_release.hpp"
#include "agent/steps/plan.hpp"
#include "agent/steps/stage_boot_image.hpp"
#include "base/progress.hpp"

#include <cstdint>
#include <string>

namespace quoin {

/// A bundle that this node accepts, and where each of its chunks may be had from.
struct PreparedInstall {
    OpenBundle bundle;
    InstallPlan plan;
    UpdateRoles roles;
    std::string from_version;   ///< of the running system
    std::string from_root_hash; ///< hex
    LocalBootImages boot_images;
};

/// Reads head and index of the bundle and decides. Writes nothing. Throws what install() throws
/// before it writes: Error(refused), Error(nothing_to_do), what the source throws.
[[nodiscard]] PreparedInstall prepare_install(const Node& node, const BootLoader& loader,
                                              BundleSource& source, bool allow_quarantined);

/// True when an earlier install that did not end has left the bundle's index in the target slot.
[[nodiscard]] bool index_is_written(const Node& node, const PreparedInstall& prepared);

/// Hashes every chunk that the plan believes to be on this node; what is not there is marked to be
/// fetched. After this the plan holds unless the medium changes.
void prove_local_chunks(PreparedInstall& prepared, const Node& node, const ProgressObserver& step);

/// What an install takes.
struct InstallEstimate {
    std::uint64_t bytes_total = 0;    ///< root + UKI
    std::uint64_t bytes_reused = 0;   ///< of these, what the node has
    std::uint64_t bytes_to_fetch = 0; ///< every byte read from the bundle, head and index included
    std::uint64_t bytes_to_write = 0; ///< to the disk: root, hash tree, index, UKI and head
    std::uint64_t requests = 0;       ///< ranges asked for, head and index included
};

/// Counts what `source` has transferred so far, which was to read head and index, and what the plan
/// says is to come. Exact when the plan is proven and no block arrives damaged.
[[nodiscard]] InstallEstimate estimate_install(PreparedInstall& prepared, const Node& node,
                                               const BundleSource& source);

/// Throws Error(refused) with the estimate when that and what was `spent` before, on the file as it
/// was then, is more than may be fetched.
void require_within(const InstallEstimate& estimate, std::uint64_t spent, std::uint64_t most_bytes);

} // namespace quoin
