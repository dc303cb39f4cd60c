// SPDX-License-Identifier: Apache-2.0
// What the sources of this room share about OpenSSL. Not for other rooms.
#pragma once

#include "base/error.hpp"
#include "base/handle.hpp"
#include "crypto/signature.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>

namespace quoin {

using KeyHandle = Handle<EVP_PKEY, EVP_PKEY_free>;
using BioHandle = Handle<BIO, BIO_free>;

/// An Error: "doing: what OpenSSL says". Empties OpenSSL's error queue.
[[nodiscard]] inline Error openssl_error(const std::string& doing,
                                         ErrorCode code = ErrorCode::failed) {
    const char* reason = ERR_reason_error_string(ERR_peek_last_error());
    Error error(code, doing + ": " + (reason != nullptr ? reason : "OpenSSL gives no reason"));
    ERR_clear_error();
    return error;
}

/// What `write` puts into a memory BIO: PEM text.
template <typename Write>
[[nodiscard]] std::string written_by(Write write, const std::string& doing) {
    const BioHandle bio(BIO_new(BIO_s_mem()));
    if (!bio || write(bio.get()) != 1)
        throw openssl_error(doing);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

/// The one algorithm a key is used with. Throws Error(usage) naming `name` for other keys: other
/// curves, RSA below 2048 bits, DSA.
[[nodiscard]] SignatureAlgorithm algorithm_for(const EVP_PKEY* key, const std::string& name);

struct PublicKey::Key {
    KeyHandle handle;
    SignatureAlgorithm algorithm;
};

struct SigningKey::Key {
    KeyHandle handle;
    SignatureAlgorithm algorithm;
    std::string name;
};

} // namespace quoin
