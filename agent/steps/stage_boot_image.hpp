// SPDX-License-Identifier: Apache-2.0
// The boot image onto the ESP, complete but not startable.
#pragma once

#include "agent/bootloaders/boot_loader.hpp"
#include "agent/fetch/bundle_source.hpp"
#include "agent/steps/write_slot.hpp"
#include "bundle/manifest.hpp"

namespace quoin {

/// Looks into the running system's boot image: chunks that it does not hold where the plan believes
/// them to be are marked to be fetched. Nothing of it needs to be readable.
void settle_boot_image(InstallPlan& plan, const std::string& running_image);

struct StagedBootImage {
    BootEntryName name;
    Bytes first_sector; ///< what arms it
    std::uint64_t fetched = 0;
};

/// Has the loader stage the image, put together from `pieces`, chunks of the running boot image and
/// the bundle, each checked as it is passed on. `settle_boot_image` has been called.
[[nodiscard]] StagedBootImage stage_boot_image(BootLoader& loader, const Manifest& manifest,
                                               InstallPlan& plan, const std::string& running_image,
                                               const BootImagePieces& pieces, BundleSource& source,
                                               std::uint64_t data_start,
                                               const ProgressObserver& step);

} // namespace quoin
