// SPDX-License-Identifier: Apache-2.0
// May this release be installed on this node? Pure: no I/O, no clock, an answer for every input.
#pragma once

#include "bundle/manifest.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace quoin {

/// What the decision rests on, as observed. An empty text or an absent value is unknown (off the
/// node little is known), and what is unknown forbids nothing.
struct ReleaseContext {
    std::string agent_version;

    // The system that runs.
    std::string id;
    std::string version;
    std::optional<Digest> root_hash;
    std::string architecture;
    std::string compatible;
    std::uint64_t security_epoch = 0;
    bool running_confirmed = true;
    bool other_confirmed = false; ///< another entry without a counter exists, to fall back to

    // The other slot.
    std::optional<Digest> armed; ///< root hash of a startable entry that is not the running one's
    std::uint64_t root_space = 0;
    std::uint64_t verity_space = 0;
    std::uint64_t boot_space = 0; ///< for the boot image, once what is superseded is removed

    std::optional<std::string> quarantined; ///< why this root hash must not be tried again
    bool allow_quarantined = false;
};

/// The answers; everything after `already_armed` is a refusal.
enum class Acceptance {
    accepted,
    already_running,
    already_armed,
    other_image,
    wrong_architecture,
    wrong_compatible,
    agent_too_old,
    version_reused, ///< the running version under another root hash
    older_version,
    older_security_epoch,
    quarantined,
    running_unconfirmed,
    label_too_long,
    root_too_large,
    verity_too_large,
    boot_image_too_large,
};

/// The first of the answers, in the order above, that applies; `accepted` when none does.
[[nodiscard]] Acceptance accept_release(const Manifest& manifest, const ReleaseContext& context);

/// One line that says why, with the values that decided.
[[nodiscard]] std::string explain(Acceptance acceptance, const Manifest& manifest,
                                  const ReleaseContext& context);

/// Does nothing when accepted, else throws Error(nothing_to_do) or Error(refused) with the reason.
void require_accepted(const Manifest& manifest, const ReleaseContext& context);

/// Bytes of a verity partition that a release fills: superblock and tree, the index behind them and
/// its header block.
[[nodiscard]] std::uint64_t verity_space_needed(const Manifest& manifest);

/// The partition labels of a release: "ID_VERSION" and "ID_VERSION_verity".
[[nodiscard]] std::string root_label(const std::string& id, const std::string& version);
[[nodiscard]] std::string verity_label(const std::string& id, const std::string& version);

/// Of a slot that holds nothing bootable.
inline constexpr const char* empty_label = "_empty";

} // namespace quoin
