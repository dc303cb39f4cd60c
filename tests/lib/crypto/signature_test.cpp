// SPDX-License-Identifier: Apache-2.0
#include "crypto/signature.hpp"

#include "base/error.hpp"
#include "key_files.hpp"
#include "support/catch.hpp"

using namespace quoin;
using namespace quoin::test;

static const std::string message = "the manifest's exact bytes\n";

/// What docs/formats/bundle.md tells people to add to `openssl pkeyutl`.
static std::vector<std::string> pkeyutl_options(SignatureAlgorithm algorithm) {
    switch (algorithm) {
    case SignatureAlgorithm::ed25519:
        return {};
    case SignatureAlgorithm::ecdsa_p256_sha256:
        return {"-digest", "sha256"};
    case SignatureAlgorithm::rsa_pss_sha256:
        return {"-digest",  "sha256",
                "-pkeyopt", "rsa_padding_mode:pss",
                "-pkeyopt", "rsa_pss_saltlen:digest",
                "-pkeyopt", "rsa_mgf1_md:sha256"};
    }
    return {};
}

static std::vector<std::string> pkeyutl(const std::vector<std::string>& arguments,
                                        SignatureAlgorithm algorithm) {
    std::vector<std::string> argv{"openssl", "pkeyutl", "-rawin"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    const auto options = pkeyutl_options(algorithm);
    argv.insert(argv.end(), options.begin(), options.end());
    return argv;
}

TEST_CASE("our signatures verify, and with every bit changed they do not") {
    const KeyFiles files;
    for (const auto& kind : signing_key_kinds) {
        CAPTURE(kind);
        files.generate("signing", kind);
        const PublicKey key = PublicKey::read(files.path("signing.pub"));
        const Signature good = SigningKey::read(files.path("signing.key")).sign(bytes_of(message));
        CHECK(key.verifies(bytes_of(message), good));
        CHECK_FALSE(key.verifies(bytes_of(message + " "), good));
        CHECK_FALSE(key.verifies({}, good));
        std::size_t accepted = 0;
        for (std::size_t bit = 0; bit < good.value.size() * 8; ++bit) {
            Signature changed = good;
            changed.value[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
            accepted += key.verifies(bytes_of(message), changed) ? 1 : 0;
        }
        CHECK(accepted == 0);
    }
}

TEST_CASE("a signature of impossible length or algorithm is false, never an exception") {
    const KeyFiles files;
    for (const auto& kind : signing_key_kinds) {
        CAPTURE(kind);
        files.generate("signing", kind);
        const PublicKey key = PublicKey::read(files.path("signing.pub"));
        const Signature good = SigningKey::read(files.path("signing.key")).sign(bytes_of(message));
        for (const std::size_t size : {std::size_t{0}, std::size_t{1}, good.value.size() - 1,
                                       good.value.size() + 1, std::size_t{65535}}) {
            CAPTURE(size);
            Signature changed = good;
            changed.value.resize(size);
            CHECK_FALSE(key.verifies(bytes_of(message), changed));
        }
        for (const int number : {0, 1, 2, 3, 4, 65535}) {
            Signature changed = good;
            changed.algorithm = static_cast<SignatureAlgorithm>(number);
            CHECK(key.verifies(bytes_of(message), changed) ==
                  (changed.algorithm == good.algorithm));
        }
        Signature foreign = good;
        foreign.key_id.bytes[0] ^= 1;
        CHECK_FALSE(key.verifies(bytes_of(message), foreign));
    }
}

TEST_CASE("openssl verifies what we sign, and we verify what openssl signs") {
    const KeyFiles files;
    files.write("manifest", bytes_of(message));
    for (const auto& kind : signing_key_kinds) {
        CAPTURE(kind);
        files.generate("signing", kind);
        const SigningKey signing_key = SigningKey::read(files.path("signing.key"));
        const PublicKey public_key = PublicKey::read(files.path("signing.pub"));
        Signature signature = signing_key.sign(bytes_of(message));
        files.write("ours", signature.value);
        CHECK(run(pkeyutl({"-verify", "-pubin", "-inkey", files.path("signing.pub"), "-sigfile",
                           files.path("ours"), "-in", files.path("manifest")},
                          signature.algorithm))
                  .status == 0);
        run_checked(pkeyutl({"-sign", "-inkey", files.path("signing.key"), "-in",
                             files.path("manifest"), "-out", files.path("theirs")},
                            signature.algorithm));
        signature.value = read_file(files.path("theirs"), 1 << 20);
        CHECK(public_key.verifies(bytes_of(message), signature));
    }
}

TEST_CASE("RSA signatures with another padding or salt are not accepted") {
    const KeyFiles files;
    files.generate("signing", signing_key_kinds[2]);
    files.write("manifest", bytes_of(message));
    const PublicKey key = PublicKey::read(files.path("signing.pub"));
    const auto signed_with = [&](const std::vector<std::string>& options) {
        std::vector<std::string> argv{"openssl", "pkeyutl",
                                      "-sign",   "-rawin",
                                      "-digest", "sha256",
                                      "-inkey",  files.path("signing.key"),
                                      "-in",     files.path("manifest"),
                                      "-out",    files.path("signature")};
        argv.insert(argv.end(), options.begin(), options.end());
        run_checked(argv);
        return Signature{key.id(), SignatureAlgorithm::rsa_pss_sha256,
                         read_file(files.path("signature"), 1 << 20)};
    };
    CHECK_FALSE(key.verifies(bytes_of(message), signed_with({})));
    CHECK_FALSE(key.verifies(bytes_of(message), signed_with({"-pkeyopt", "rsa_padding_mode:pss",
                                                             "-pkeyopt", "rsa_pss_saltlen:20"})));
    CHECK(key.verifies(bytes_of(message), signed_with({"-pkeyopt", "rsa_padding_mode:pss",
                                                       "-pkeyopt", "rsa_pss_saltlen:32"})));
}

TEST_CASE("Ed25519 signatures are the same each time") {
    const SigningKey key = SigningKey::generate();
    CHECK(key.sign(bytes_of(message)).value == key.sign(bytes_of(message)).value);
    CHECK(key.sign(bytes_of(message)).key_id == key.public_key().id());
}

TEST_CASE("algorithms have names, unknown numbers too") {
    CHECK(name_of(SignatureAlgorithm::ed25519) == "Ed25519");
    CHECK(name_of(static_cast<SignatureAlgorithm>(77)) == "unknown");
}
