// SPDX-License-Identifier: Apache-2.0
// SHA-256 through OpenSSL's EVP interface. A salted block hash is made for every 4 KiB of a disk,
// so the algorithm is looked up once a process and contexts are reused: a fetch costs more than
// hashing a block.
#include "crypto/digest.hpp"

#include "base/file.hpp"
#include "base/handle.hpp"
#include "base/units.hpp"
#include "crypto/openssl.hpp"

#include <algorithm>
#include <openssl/evp.h>

namespace quoin {

using Context = Handle<EVP_MD_CTX, EVP_MD_CTX_free>;

static const EVP_MD* sha256_algorithm() {
    static const Handle<EVP_MD, EVP_MD_free> algorithm(EVP_MD_fetch(nullptr, "SHA256", nullptr));
    if (!algorithm)
        throw openssl_error("cannot use SHA-256");
    return algorithm.get();
}

static void start(EVP_MD_CTX* context) {
    if (EVP_DigestInit_ex2(context, sha256_algorithm(), nullptr) != 1)
        throw openssl_error("cannot start a SHA-256");
}

static Context started_context() {
    Context context(EVP_MD_CTX_new());
    if (!context)
        throw openssl_error("cannot start a SHA-256");
    start(context.get());
    return context;
}

static void add(EVP_MD_CTX* context, ByteView data) {
    if (EVP_DigestUpdate(context, data.data(), data.size()) != 1)
        throw openssl_error("cannot compute a SHA-256");
}

static Digest take(EVP_MD_CTX* context) {
    Digest digest;
    if (EVP_DigestFinal_ex(context, digest.bytes.data(), nullptr) != 1)
        throw openssl_error("cannot finish a SHA-256");
    return digest;
}

std::optional<Digest> Digest::parse(std::string_view hex) {
    const auto raw = from_hex(hex);
    if (!raw || raw->size() != 32)
        return std::nullopt;
    Digest digest;
    std::ranges::copy(*raw, digest.bytes.begin());
    return digest;
}

struct Sha256::State {
    Context context = started_context();
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

Sha256& Sha256::update(ByteView data) {
    add(state_->context.get(), data);
    return *this;
}

Digest Sha256::finish() {
    const Digest digest = take(state_->context.get());
    start(state_->context.get());
    return digest;
}

Digest sha256(ByteView data) {
    return sha256({}, data);
}

Digest sha256(ByteView salt, ByteView data) {
    thread_local const Context context = started_context();
    // Started anew, should an earlier call have failed between update and finish.
    start(context.get());
    add(context.get(), salt);
    add(context.get(), data);
    return take(context.get());
}

Digest sha256_of_file(FdRef file, const std::string& name, const ProgressObserver& progress) {
    Sha256 hash;
    const std::uint64_t size = size_of(file, name);
    Bytes buffer(MiB);
    for (std::uint64_t done = 0; done < size;) {
        const auto piece =
            ByteSpan(buffer).first(std::min<std::uint64_t>(buffer.size(), size - done));
        pread_exact(file, piece, done, name);
        hash.update(piece);
        done += piece.size();
        if (progress)
            progress(done, size);
    }
    return hash.finish();
}

Uuid derived_uuid(std::string_view purpose, std::string_view name) {
    const Digest digest = Sha256()
                              .update(bytes_of("quoin:"))
                              .update(bytes_of(purpose))
                              .update(bytes_of(":"))
                              .update(bytes_of(name))
                              .finish();
    Uuid uuid;
    std::copy_n(digest.bytes.begin(), uuid.bytes.size(), uuid.bytes.begin());
    uuid.bytes[6] = static_cast<std::uint8_t>((uuid.bytes[6] & 0x0f) | 0x80); // version 8
    uuid.bytes[8] = static_cast<std::uint8_t>((uuid.bytes[8] & 0x3f) | 0x80); // RFC 9562 variant
    return uuid;
}

} // namespace quoin
