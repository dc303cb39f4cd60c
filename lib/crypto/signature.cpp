// SPDX-License-Identifier: Apache-2.0
// Making and checking signatures. All three algorithms go through EVP_DigestSign/Verify in one shot
// and differ only in digest and padding.
#include "crypto/signature.hpp"

#include "crypto/openssl.hpp"

#include <array>
#include <openssl/core_names.h>
#include <openssl/params.h>

namespace quoin {

using Context = Handle<EVP_MD_CTX, EVP_MD_CTX_free>;

std::string_view name_of(SignatureAlgorithm algorithm) {
    switch (algorithm) {
    case SignatureAlgorithm::ed25519:
        return "Ed25519";
    case SignatureAlgorithm::ecdsa_p256_sha256:
        return "ECDSA P-256 SHA-256";
    case SignatureAlgorithm::rsa_pss_sha256:
        return "RSA-PSS SHA-256";
    }
    return "unknown";
}

/// Ed25519 hashes by itself.
static const char* digest_name(SignatureAlgorithm algorithm) {
    return algorithm == SignatureAlgorithm::ed25519 ? nullptr : "SHA256";
}

/// Every parameter of RSA-PSS is fixed, so that a signature cannot choose weaker ones.
static std::array<OSSL_PARAM, 4> padding_of(SignatureAlgorithm algorithm) {
    static char mode[] = OSSL_PKEY_RSA_PAD_MODE_PSS;
    static char salt_length[] = OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST;
    static char mask_digest[] = "SHA256";
    if (algorithm != SignatureAlgorithm::rsa_pss_sha256)
        return {OSSL_PARAM_construct_end()};
    return {OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, mode, 0),
            OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, salt_length, 0),
            OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, mask_digest, 0),
            OSSL_PARAM_construct_end()};
}

bool PublicKey::verifies(ByteView message, const Signature& signature) const {
    if (signature.key_id != id_ || signature.algorithm != key_->algorithm)
        return false;
    const Context context(EVP_MD_CTX_new());
    const auto padding = padding_of(key_->algorithm);
    const bool good =
        context &&
        EVP_DigestVerifyInit_ex(context.get(), nullptr, digest_name(key_->algorithm), nullptr,
                                nullptr, key_->handle.get(), padding.data()) == 1 &&
        EVP_DigestVerify(context.get(), signature.value.data(), signature.value.size(),
                         message.data(), message.size()) == 1;
    ERR_clear_error();
    return good;
}

Signature SigningKey::sign(ByteView message) const {
    const std::string doing = "cannot sign with key '" + key_->name + "'";
    const Context context(EVP_MD_CTX_new());
    const auto padding = padding_of(key_->algorithm);
    std::size_t size = 0;
    if (!context ||
        EVP_DigestSignInit_ex(context.get(), nullptr, digest_name(key_->algorithm), nullptr,
                              nullptr, key_->handle.get(), padding.data()) != 1 ||
        EVP_DigestSign(context.get(), nullptr, &size, message.data(), message.size()) != 1)
        throw openssl_error(doing);
    Signature signature{public_key().id(), key_->algorithm, Bytes(size)};
    if (EVP_DigestSign(context.get(), signature.value.data(), &size, message.data(),
                       message.size()) != 1)
        throw openssl_error(doing);
    signature.value.resize(size); // ECDSA's encoding is often shorter than announced
    return signature;
}

} // namespace quoin
