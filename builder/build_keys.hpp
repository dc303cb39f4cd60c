// SPDX-License-Identifier: Apache-2.0
// The directory that `quoin keys init` makes and `quoin build --keys` reads.
#pragma once

#include "crypto/signature.hpp"

#include <string>
#include <vector>

namespace quoin {

/// A key that signs bundles, with the name its public half has in the root: "signing" for
/// "signing.key".
struct NamedSigningKey {
    std::string name;
    SigningKey key;
};

/// What a build signs with.
struct BuildKeys {
    std::vector<NamedSigningKey> signing; ///< every "signing*.key", sorted by name
    std::string secure_boot_key;          ///< path; empty when the directory has none
    std::string secure_boot_certificate;

    [[nodiscard]] bool secure_boot() const { return !secure_boot_key.empty(); }
};

/// Reads `directory`; without one ("") there are no keys and nothing gets signed. Throws
/// Error(usage), saying how to make keys, when it holds no signing key, and when only one half of
/// the Secure Boot pair is there.
[[nodiscard]] BuildKeys read_build_keys(const std::string& directory);

} // namespace quoin
