// SPDX-License-Identifier: Apache-2.0
// Signing and verifying manifests: Ed25519, ECDSA P-256 with SHA-256, RSA-PSS (2048 bits or more,
// SHA-256, salt as long as the digest). No chains, no dates: trust is a set of public keys, and
// `openssl pkeyutl -verify` can check every signature (docs/formats/bundle.md shows how).
#pragma once

#include "base/bytes.hpp"
#include "crypto/digest.hpp"

#include <memory>
#include <string>
#include <vector>

namespace quoin {

/// Stored as a 16-bit number in signature records.
enum class SignatureAlgorithm : std::uint16_t {
    ed25519 = 1,
    ecdsa_p256_sha256 = 2,
    rsa_pss_sha256 = 3
};

[[nodiscard]] std::string_view name_of(SignatureAlgorithm algorithm);

/// One signature over some exact bytes. `key_id` is the SHA-256 of the signer's
/// SubjectPublicKeyInfo (DER).
struct Signature {
    Digest key_id;
    SignatureAlgorithm algorithm = SignatureAlgorithm::ed25519;
    Bytes value;
};

/// A public key that may be trusted.
class PublicKey {
  public:
    /// A PEM or DER SubjectPublicKeyInfo, or an X.509 certificate whose key alone is used (its
    /// dates, names and chain are ignored). Throws Error(usage) naming `name`.
    [[nodiscard]] static PublicKey parse(ByteView data, const std::string& name);
    [[nodiscard]] static PublicKey read(const std::string& path);

    [[nodiscard]] const Digest& id() const { return id_; }
    /// "signing.pub" or whatever it was read from.
    [[nodiscard]] const std::string& name() const { return name_; }
    /// False on any mismatch, wrong algorithm or malformed signature. Never throws for bad input.
    [[nodiscard]] bool verifies(ByteView message, const Signature& signature) const;
    /// PEM SubjectPublicKeyInfo.
    [[nodiscard]] std::string pem() const;

  private:
    struct Key;
    std::shared_ptr<const Key> key_;
    Digest id_;
    std::string name_;
};

/// A private key in a PEM file or behind an OpenSSL provider URI ("pkcs11:…").
class SigningKey {
  public:
    [[nodiscard]] static SigningKey read(const std::string& path_or_uri);
    /// A new Ed25519 key.
    [[nodiscard]] static SigningKey generate();

    /// Deterministic for Ed25519; ECDSA and RSA-PSS are randomised by nature.
    [[nodiscard]] Signature sign(ByteView message) const;
    [[nodiscard]] PublicKey public_key() const;
    /// PKCS#8 PEM, unencrypted; only for generated keys.
    [[nodiscard]] std::string private_pem() const;

  private:
    struct Key;
    std::shared_ptr<const Key> key_;
};

/// An RSA-2048 key and a self-signed certificate for Secure Boot, both PEM: {key, certificate}.
[[nodiscard]] std::pair<std::string, std::string>
generate_secure_boot_key(const std::string& common_name);

/// Whether Secure Boot signatures by the key of a file's first certificate, PEM or DER, are random.
/// Those of RSA keys are not (PKCS #1 v1.5). False where there is no certificate.
[[nodiscard]] bool makes_random_signatures(const std::string& certificate_path);

} // namespace quoin
