// SPDX-License-Identifier: Apache-2.0
// From a bundle to an armed slot.
#pragma once

#include "agent/bootloaders/boot_loader.hpp"
#include "agent/node.hpp"
#include "base/progress.hpp"

#include <cstdint>
#include <string>

namespace quoin {

struct InstallOptions {
    std::string source;             ///< path or URL
    bool allow_quarantined = false; ///< --force-quarantined: explicit local override
};

/// The last line of `install --json`.
struct InstallReport {
    std::string version;
    std::string root_hash;
    std::uint64_t bytes_total = 0; ///< root + UKI
    std::uint64_t bytes_reused = 0;
    std::uint64_t bytes_fetched = 0; ///< every byte read from the bundle, a local file included
    std::uint64_t bytes_written = 0; ///< to the disk
    std::uint64_t requests = 0;
    double seconds = 0;
};

/// Called with the name of a step ("verifying", "writing", "reading back", "arming") and progress.
using InstallObserver =
    std::function<void(const std::string& step, std::uint64_t done, std::uint64_t whole)>;

/// Does the whole of it, up to armed; does not reboot. Throws Error(refused) with nothing changed
/// when the bundle is untrusted, damaged, incompatible, older, quarantined; Error(nothing_to_do)
/// when it already runs or is already armed. Interrupted at any point it leaves the running system
/// bootable, and the next install goes on.
[[nodiscard]] InstallReport install(Node& node, BootLoader& loader, const InstallOptions& options,
                                    const InstallObserver& observer);

} // namespace quoin
