// SPDX-License-Identifier: Apache-2.0
// The signed manifest: JSON, closed over every byte of the bundle. docs/formats/manifest.md.
#pragma once

#include "base/bytes.hpp"
#include "crypto/digest.hpp"

#include <cstdint>
#include <string>

namespace quoin {

inline constexpr std::uint64_t max_manifest_size = 64 << 10;
/// 64 TiB: far above any root, far below where sums of 64-bit sizes could overflow.
inline constexpr std::uint64_t max_bundle_data_size = std::uint64_t{1} << 46;
/// A UKI is held in memory, and FAT ends at 4 GiB.
inline constexpr std::uint64_t max_uki_size = std::uint64_t{1} << 30;
inline constexpr std::uint64_t max_security_epoch = ~std::uint64_t{0} >> 1; // what TOML can say

/// Everything a node must know before it writes the first byte.
struct Manifest {
    std::string id;
    std::string version;
    std::string architecture; ///< "x86-64" or "arm64"
    std::string compatible;   ///< hardware family; a node accepts only its own
    std::uint64_t security_epoch = 0;
    std::string minimum_agent; ///< version of the oldest agent that may install this
    unsigned tries = 3;

    std::uint64_t root_size = 0; ///< squashfs, a multiple of 4096
    Digest root_hash;
    std::array<std::uint8_t, 32> salt{};
    Uuid verity_uuid;

    std::uint64_t uki_size = 0;
    Digest uki_sha256;

    std::uint64_t index_size = 0;
    Digest index_sha256;
    std::uint64_t data_size = 0; ///< of the bundle's data area: root_size + uki_size

    std::uint64_t contents_size = 0; ///< of the contents table, behind the data
    Digest contents_sha256;

    std::uint64_t patches_size = 0; ///< of the area at the end, which this version steps over
    Digest patches_sha256 = sha256({});
    std::uint64_t patch_index_size = 0; ///< of its first part
    Digest patch_index_sha256 = sha256({});

    /// Deterministic: sorted keys, two-space indent, final newline. These bytes are signed.
    [[nodiscard]] std::string serialize() const;
    /// For authenticated bytes only. Throws Error(refused): unknown or missing or mistyped field,
    /// value out of range, id or version that could be a path, sizes that do not add up, or any
    /// spelling other than the one that `serialize` gives.
    [[nodiscard]] static Manifest parse(std::string_view text);
};

} // namespace quoin
