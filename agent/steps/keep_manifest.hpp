// SPDX-License-Identifier: Apache-2.0
// The signed manifest beside the boot images, as the builder puts it there: EFI/quoin/
// ID_VERSION.manifest is a bundle's head, by which `quoin verify` checks a node's disk and the
// agent knows, off the node, what the running system is.
#pragma once

#include "base/bytes.hpp"
#include "bundle/manifest.hpp"
#include "crypto/trust.hpp"

#include <optional>
#include <string>

namespace quoin {

/// Writes `head` for the release `name` ("ID_VERSION"), durably, and removes those of releases
/// other than it and `running`. Nothing that boots depends on these files, and a torn one is
/// written anew by the next install.
void keep_manifest(const std::string& esp_directory, const std::string& name, ByteView head,
                   const std::string& running);

/// The manifest kept for `name`, if it is there and trusted; else nothing.
[[nodiscard]] std::optional<Manifest> kept_manifest(const std::string& esp_directory,
                                                    const std::string& name,
                                                    const TrustAnchors& anchors);

} // namespace quoin
