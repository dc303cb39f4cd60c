// SPDX-License-Identifier: Apache-2.0
// Where keys come from and how they are written down.
#include "base/file.hpp"
#include "crypto/openssl.hpp"

#include <cctype>
#include <limits>
#include <openssl/pem.h>
#include <openssl/store.h>
#include <openssl/ui.h>
#include <openssl/x509.h>

namespace quoin {

static constexpr std::uint64_t max_key_file_size = 64 << 10;
static constexpr int min_rsa_bits = 2048;

using CertificateHandle = Handle<X509, X509_free>;

SignatureAlgorithm algorithm_for(const EVP_PKEY* key, const std::string& name) {
    if (EVP_PKEY_is_a(key, "ED25519") == 1)
        return SignatureAlgorithm::ed25519;
    if (EVP_PKEY_is_a(key, "EC") == 1) {
        char group[64] = "";
        if (EVP_PKEY_get_group_name(key, group, sizeof group, nullptr) != 1 ||
            std::string_view(group) != "prime256v1")
            throw Error(ErrorCode::usage, "cannot use key '" + name + "': its curve is not P-256");
        return SignatureAlgorithm::ecdsa_p256_sha256;
    }
    if (EVP_PKEY_is_a(key, "RSA") == 1 || EVP_PKEY_is_a(key, "RSA-PSS") == 1) {
        if (EVP_PKEY_get_bits(key) < min_rsa_bits)
            throw Error(ErrorCode::usage,
                        "cannot use key '" + name + "': RSA keys must have at least 2048 bits");
        return SignatureAlgorithm::rsa_pss_sha256;
    }
    throw Error(ErrorCode::usage,
                "cannot use key '" + name + "': neither Ed25519, nor ECDSA P-256, nor RSA");
}

static BioHandle reading_from(ByteView data) {
    if (data.size() > max_key_file_size)
        throw Error(ErrorCode::usage, "cannot read a key of more than 64 KiB");
    BioHandle bio(BIO_new_mem_buf(data.data(), static_cast<int>(data.size())));
    if (!bio)
        throw openssl_error("cannot read a key");
    return bio;
}

/// Public keys are not encrypted: never ask anybody for a passphrase.
static int no_passphrase(char*, int, int, void*) {
    return -1;
}

static KeyHandle key_of(const CertificateHandle& certificate) {
    return KeyHandle(certificate ? X509_get_pubkey(certificate.get()) : nullptr);
}

static KeyHandle parse_public_pem(ByteView data, const std::string& name) {
    const std::string_view text = text_of(data);
    // A second key would be silently left out of the trusted ones, or a chain be taken for trust.
    static constexpr std::string_view begin = "-----BEGIN ";
    const std::size_t first = text.find(begin);
    if (text.find(begin, first + begin.size()) != std::string_view::npos)
        throw Error(ErrorCode::usage,
                    "cannot read public key '" + name + "': it holds more than one PEM object");
    if (text.find("PRIVATE KEY-----") != std::string_view::npos)
        throw Error(ErrorCode::usage, "cannot read public key '" + name +
                                          "': it is a private key; give its public half");
    const BioHandle bio = reading_from(data);
    if (text.substr(first + begin.size()).starts_with("CERTIFICATE"))
        return key_of(
            CertificateHandle(PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr)));
    return KeyHandle(PEM_read_bio_PUBKEY(bio.get(), nullptr, no_passphrase, nullptr));
}

static KeyHandle parse_public_der(ByteView data) {
    const auto size = static_cast<long>(data.size());
    const unsigned char* place = data.data();
    KeyHandle key(d2i_PUBKEY(nullptr, &place, size));
    if (!key) {
        place = data.data();
        key = key_of(CertificateHandle(d2i_X509(nullptr, &place, size)));
    }
    if (place != data.data() + data.size()) // trailing bytes
        key.reset();
    return key;
}

/// DER SubjectPublicKeyInfo.
static Bytes encoded_public_key(const EVP_PKEY* key) {
    unsigned char* allocated = nullptr;
    const int size = i2d_PUBKEY(key, &allocated);
    if (size <= 0)
        throw openssl_error("cannot encode a public key");
    Bytes der(allocated, allocated + size);
    OPENSSL_free(allocated);
    return der;
}

PublicKey PublicKey::parse(ByteView data, const std::string& name) {
    if (data.size() > max_key_file_size)
        throw Error(ErrorCode::usage, "cannot read public key '" + name + "': larger than 64 KiB");
    const bool is_pem = text_of(data).find("-----BEGIN ") != std::string_view::npos;
    KeyHandle handle = is_pem ? parse_public_pem(data, name) : parse_public_der(data);
    if (!handle)
        throw openssl_error("cannot read public key '" + name + "'", ErrorCode::usage);
    ERR_clear_error(); // of the encodings it turned out not to have

    PublicKey key;
    const SignatureAlgorithm algorithm = algorithm_for(handle.get(), name);
    key.id_ = sha256(encoded_public_key(handle.get()));
    key.name_ = name;
    key.key_ = std::make_shared<const Key>(Key{std::move(handle), algorithm});
    return key;
}

PublicKey PublicKey::read(const std::string& path) {
    PublicKey key = parse(read_file(path, max_key_file_size), path);
    key.name_ = path.substr(path.find_last_of('/') + 1);
    return key;
}

std::string PublicKey::pem() const {
    return written_by([&](BIO* bio) { return PEM_write_bio_PUBKEY(bio, key_->handle.get()); },
                      "cannot write public key '" + name_ + "'");
}

/// "scheme:…" as RFC 3986 has it, of two letters or more. A file of that name wins.
static bool is_uri(const std::string& text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string::npos || colon < 2 || exists(text))
        return false;
    for (const char c : text.substr(0, colon))
        if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '+' && c != '-' && c != '.')
            return false;
    return true;
}

/// Through whichever provider serves the URI; OpenSSL asks on the terminal for a PIN.
static KeyHandle load_from_store(const std::string& uri) {
    const auto close = [](OSSL_STORE_CTX* store) { OSSL_STORE_close(store); };
    const std::unique_ptr<OSSL_STORE_CTX, decltype(close)> store(
        OSSL_STORE_open(uri.c_str(), UI_OpenSSL(), nullptr, nullptr, nullptr), close);
    if (!store || OSSL_STORE_expect(store.get(), OSSL_STORE_INFO_PKEY) != 1)
        return nullptr;
    while (OSSL_STORE_eof(store.get()) == 0) {
        const Handle<OSSL_STORE_INFO, OSSL_STORE_INFO_free> object(OSSL_STORE_load(store.get()));
        if (object && OSSL_STORE_INFO_get_type(object.get()) == OSSL_STORE_INFO_PKEY)
            return KeyHandle(OSSL_STORE_INFO_get1_PKEY(object.get()));
        if (!object && OSSL_STORE_error(store.get()) == 1)
            return nullptr;
    }
    return nullptr;
}

SigningKey SigningKey::read(const std::string& path_or_uri) {
    KeyHandle handle;
    if (is_uri(path_or_uri)) {
        handle = load_from_store(path_or_uri);
    } else {
        const Bytes content = read_file(path_or_uri, max_key_file_size);
        handle.reset(
            PEM_read_bio_PrivateKey(reading_from(content).get(), nullptr, nullptr, nullptr));
    }
    if (!handle)
        throw openssl_error("cannot read signing key '" + path_or_uri + "'", ErrorCode::usage);
    const SignatureAlgorithm algorithm = algorithm_for(handle.get(), path_or_uri);
    SigningKey key;
    key.key_ = std::make_shared<const Key>(Key{std::move(handle), algorithm, path_or_uri});
    return key;
}

SigningKey SigningKey::generate() {
    KeyHandle handle(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    if (!handle)
        throw openssl_error("cannot generate a signing key");
    SigningKey key;
    key.key_ = std::make_shared<const Key>(
        Key{std::move(handle), SignatureAlgorithm::ed25519, "new signing key"});
    return key;
}

PublicKey SigningKey::public_key() const {
    return PublicKey::parse(encoded_public_key(key_->handle.get()), key_->name);
}

std::string SigningKey::private_pem() const {
    return written_by(
        [&](BIO* bio) {
            return PEM_write_bio_PKCS8PrivateKey(bio, key_->handle.get(), nullptr, nullptr, 0,
                                                 nullptr, nullptr);
        },
        "cannot write signing key '" + key_->name + "'");
}

} // namespace quoin
