// SPDX-License-Identifier: Apache-2.0
// k of n: when is a message trusted?
#pragma once

#include "crypto/signature.hpp"

#include <string>
#include <vector>

namespace quoin {

/// What trust.toml may ask for at most.
inline constexpr unsigned most_required_signatures = 1000;

/// The public keys a node or an auditor trusts and how many of them must have signed.
struct TrustAnchors {
    std::vector<PublicKey> keys; ///< distinct by id
    unsigned required = 1;       ///< k, at least 1

    /// Reads public keys from files; a directory stands for every "*.pub", "*.pem" and "*.crt" in
    /// it and, when it holds "trust.toml", for the `required` given there. A file that cannot be
    /// read or parsed is an error, never skipped (CVE-class: verification without keys).
    /// Throws Error(usage) when no key is found.
    [[nodiscard]] static TrustAnchors read(const std::vector<std::string>& paths);
};

/// Who signed, as far as the anchors know.
struct Verdict {
    bool trusted = false;
    std::vector<std::string> signers; ///< names of distinct trusted keys that verify
    std::string reason;               ///< why not, when not trusted
};

/// Trusted when at least `required` distinct trusted keys verify `message`. A record that names a
/// trusted key but does not verify makes the whole untrusted: it was tampered with. Records of
/// unknown keys are ignored.
[[nodiscard]] Verdict judge(ByteView message, const std::vector<Signature>& signatures,
                            const TrustAnchors& anchors);

} // namespace quoin
