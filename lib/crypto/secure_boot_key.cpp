// SPDX-License-Identifier: Apache-2.0
// A key and certificate for development: firmware takes a self-signed certificate enrolled in "db"
// as it is, without chain or dates.
#include "base/file.hpp"
#include "crypto/openssl.hpp"

#include <array>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

namespace quoin {

static constexpr std::uint64_t largest_certificate = 1 << 20;
static constexpr int validity_days = 20 * 365 + 5; // with the leap days of 20 years

using Certificate = Handle<X509, X509_free>;

static void check(bool succeeded) {
    if (!succeeded)
        throw openssl_error("cannot make a Secure Boot certificate");
}

/// Firmware and sbsign tell certificates apart by issuer and serial number.
static void set_random_serial(X509* certificate) {
    std::array<unsigned char, 16> random{};
    check(RAND_bytes(random.data(), static_cast<int>(random.size())) == 1);
    random[0] = static_cast<unsigned char>((random[0] & 0x7f) | 0x40); // positive, of full length
    const Handle<BIGNUM, BN_free> number(
        BN_bin2bn(random.data(), static_cast<int>(random.size()), nullptr));
    check(number &&
          BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr);
}

static void set_validity(X509* certificate) {
    check(X509_gmtime_adj(X509_getm_notBefore(certificate), 0) != nullptr);
    check(X509_time_adj_ex(X509_getm_notAfter(certificate), validity_days, 0, nullptr) != nullptr);
}

static void set_names(X509* certificate, const std::string& common_name) {
    X509_NAME* name = X509_get_subject_name(certificate);
    check(X509_NAME_add_entry_by_txt(
              name, "CN", MBSTRING_UTF8,
              reinterpret_cast<const unsigned char*>(common_name.data()), // NOLINT
              static_cast<int>(common_name.size()), -1, 0) == 1);
    check(X509_set_issuer_name(certificate, name) == 1);
}

static void add_extension(X509* certificate, int kind, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    const Handle<X509_EXTENSION, X509_EXTENSION_free> extension(
        X509V3_EXT_conf_nid(nullptr, &context, kind, value));
    check(extension && X509_add_ext(certificate, extension.get(), -1) == 1);
}

std::pair<std::string, std::string> generate_secure_boot_key(const std::string& common_name) {
    const KeyHandle key(EVP_RSA_gen(2048)); // what every firmware accepts
    const Certificate certificate(X509_new());
    check(key && certificate);
    check(X509_set_version(certificate.get(), X509_VERSION_3) == 1);
    check(X509_set_pubkey(certificate.get(), key.get()) == 1);
    set_random_serial(certificate.get());
    set_validity(certificate.get());
    set_names(certificate.get(), common_name);
    add_extension(certificate.get(), NID_basic_constraints, "critical,CA:FALSE");
    add_extension(certificate.get(), NID_key_usage, "digitalSignature");
    add_extension(certificate.get(), NID_ext_key_usage, "codeSigning");
    add_extension(certificate.get(), NID_subject_key_identifier, "hash");
    check(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);
    const auto write_key = [&](BIO* bio) {
        return PEM_write_bio_PKCS8PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    };
    const auto write_certificate = [&](BIO* bio) {
        return PEM_write_bio_X509(bio, certificate.get());
    };
    return {written_by(write_key, "cannot write a Secure Boot key"),
            written_by(write_certificate, "cannot write a Secure Boot certificate")};
}

bool makes_random_signatures(const std::string& certificate_path) {
    const Bytes content = read_file(certificate_path, largest_certificate);
    const BioHandle bio(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
    Certificate certificate(bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)
                                : nullptr);
    const unsigned char* place = content.data();
    if (!certificate)
        certificate.reset(d2i_X509(nullptr, &place, static_cast<long>(content.size())));
    ERR_clear_error(); // of the encodings it turned out not to have
    return certificate && EVP_PKEY_is_a(X509_get0_pubkey(certificate.get()), "RSA") != 1;
}

} // namespace quoin
