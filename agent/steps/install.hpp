// SPDX-License-Identifier: Apache-2.0
// From a bundle to an armed slot.
#pragma once

#include "agent/bootloaders/boot_loader.hpp"
#include "agent/fetch/bundle_source.hpp"
#include "agent/node.hpp"
#include "agent/steps/prepare_install.hpp"
#include "base/progress.hpp"
#include "bundle/causes.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace quoin {

struct InstallOptions {
    std::string source;             ///< path or URL
    bool allow_quarantined = false; ///< --force-quarantined: explicit local override
    FetchOptions fetch;             ///< deadlines of a web source; `cancelled` is set by install()
    std::chrono::seconds deadline_on_trial{30}; ///< at most, while the running system is on trial
};

/// The last line of `install --json`.
struct InstallReport {
    std::string version;
    std::string root_hash;
    std::uint64_t bytes_total = 0;   ///< root + UKI
    std::uint64_t bytes_reused = 0;  ///< of these, what the node had
    std::uint64_t bytes_fetched = 0; ///< every byte read from the bundle, a local file included
    std::uint64_t bytes_written = 0; ///< to the disk: root, hash tree, index, UKI and head
    std::uint64_t requests = 0;      ///< ranges asked for, of a local file too
    double seconds = 0;
};

/// Called with the name of a step ("verifying", "writing", "reading back", "arming") and progress.
using InstallObserver =
    std::function<void(const std::string& step, std::uint64_t done, std::uint64_t whole)>;

/// Does the whole of it, up to armed; does not reboot. Throws Error(refused) with nothing changed
/// when the bundle is untrusted, incompatible, older, quarantined or its head is damaged;
/// Error(nothing_to_do) when it already runs or is already armed. A damaged block, a medium that
/// does not keep what it was given, Error(cancelled) by SIGINT or SIGTERM, a power cut: whatever
/// ends it, the running system's slot and entry are untouched, the other slot is empty, and the
/// next install goes on from what is already there.
///
/// Memory beside libcurl's: at most 5 MiB of buffers, the index (24 bytes a chunk, once for the
/// bundle and once for each slot while planning) and 64 bytes a chunk for the plan; in all under
/// 8 MiB for a root of 1 GiB in chunks of 128 KiB.
[[nodiscard]] InstallReport install(Node& node, BootLoader& loader, const InstallOptions& options,
                                    const InstallObserver& observer);

struct InstallForecast {
    PreparedInstall prepared; ///< its plan is proven
    InstallEstimate estimate;
    Causes causes; ///< of the bytes of chunks that are fetched
};

/// `install --dry-run`: decides as install() would, refusals included, hashes what is here already,
/// and says what an install would take now and why. Fetches head, index and contents table, and no
/// more: where a server cannot send ranges the causes are left out. Changes nothing.
[[nodiscard]] InstallForecast forecast_install(const Node& node, const BootLoader& loader,
                                               const InstallOptions& options,
                                               const InstallObserver& observer);

} // namespace quoin
