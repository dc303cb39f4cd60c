// SPDX-License-Identifier: Apache-2.0
// The head of a bundle: a fixed header, signature records, the manifest's exact bytes. One short
// read is enough to know whether there is an update. docs/formats/bundle.md.
#pragma once

#include "bundle/manifest.hpp"
#include "crypto/trust.hpp"

#include <optional>
#include <string>

namespace quoin {

inline constexpr std::size_t bundle_header_size = 64;
inline constexpr std::uint64_t max_signatures_size = 64 << 10;
/// One request of this size nearly always brings the whole head.
inline constexpr std::uint64_t first_read_size = 16 << 10;

/// The fixed header, bounds checked. It is not signed, so it is only believed as far as the
/// manifest confirms it: sizes must agree, reserved bytes must be zero.
struct BundleHeader {
    std::uint64_t signatures_size = 0;
    std::uint64_t manifest_size = 0;
    std::uint64_t index_size = 0;
    std::uint64_t data_size = 0;

    [[nodiscard]] std::uint64_t head_size() const; ///< header + signatures + manifest
    [[nodiscard]] std::uint64_t index_offset() const { return head_size(); }
    [[nodiscard]] std::uint64_t data_offset() const { return head_size() + index_size; }
    [[nodiscard]] std::uint64_t contents_offset() const { return data_offset() + data_size; }
    [[nodiscard]] std::uint64_t patches_offset(const Manifest& manifest) const {
        return contents_offset() + manifest.contents_size;
    }
    /// Of the whole file: only the manifest knows how large contents table and patches are.
    [[nodiscard]] std::uint64_t bundle_size(const Manifest& manifest) const {
        return patches_offset(manifest) + manifest.patches_size;
    }

    /// "it has 5 bytes, its manifest says 7" of a file with `size` bytes; nothing when it is whole.
    [[nodiscard]] std::optional<std::string> mistake_in_size(const Manifest& manifest,
                                                             std::uint64_t size) const;

    [[nodiscard]] Bytes serialize() const;
    /// Throws Error(refused): not a bundle, unknown format version, a size over its limit.
    [[nodiscard]] static BundleHeader parse(ByteView first_64_bytes);
};

[[nodiscard]] Bytes serialize_signatures(const std::vector<Signature>& signatures);
/// Throws Error(refused) on malformed, truncated, duplicate or trailing records.
[[nodiscard]] std::vector<Signature> parse_signatures(ByteView bytes);

/// The head as it lies in the file; nothing beyond the signatures has been interpreted.
struct BundleHead {
    BundleHeader header;
    std::vector<Signature> signatures;
    std::string manifest_text; ///< exact bytes, unparsed

    /// `bytes` holds at least header.head_size() bytes.
    [[nodiscard]] static BundleHead parse(ByteView bytes);

    /// The manifest, after `judge` trusted it; the only way to one. Also checks the header against
    /// the manifest. Throws Error(refused) with the judge's reason.
    [[nodiscard]] Manifest authenticate(const TrustAnchors& anchors) const;
    /// For `inspect`, which trusts nothing and shows everything.
    [[nodiscard]] Manifest unauthenticated() const;
};

} // namespace quoin
