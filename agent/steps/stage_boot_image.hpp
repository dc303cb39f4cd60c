// SPDX-License-Identifier: Apache-2.0
// The boot image onto the ESP, complete but not startable.
#pragma once

#include "agent/bootloaders/boot_loader.hpp"
#include "agent/fetch/bundle_source.hpp"
#include "agent/steps/write_slot.hpp"
#include "bundle/manifest.hpp"

namespace quoin {

/// Where chunks of a boot image may be found on this node: paths, of which neither needs to be
/// readable or there.
struct LocalBootImages {
    std::string running; ///< of the running system; empty when unknown
    std::string staged;  ///< the one to be written: an interrupted install left as much as it had
};

/// The entry that a release's boot image gets.
[[nodiscard]] BootEntryName staged_name(const Manifest& manifest);

/// Hashes what both images hold of the new one. Afterwards the plan says of each chunk where it is.
void settle_boot_image(InstallPlan& plan, const LocalBootImages& local);

struct StagedBootImage {
    BootEntryName name;
    Bytes first_sector; ///< what arms it
    std::uint64_t fetched = 0;
};

/// Has the loader stage the image, put together from `pieces`, chunks of the local boot images and
/// the bundle, each checked as it is passed on. `settle_boot_image` has been called.
[[nodiscard]] StagedBootImage stage_boot_image(BootLoader& loader, const Manifest& manifest,
                                               InstallPlan& plan, const LocalBootImages& local,
                                               const BootImagePieces& pieces, BundleSource& source,
                                               std::uint64_t data_start,
                                               const ProgressObserver& step);

} // namespace quoin
