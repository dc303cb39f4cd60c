// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"
#include "crypto/signature.hpp"
#include "key_files.hpp"
#include "support/catch.hpp"

using namespace quoin;
using namespace quoin::test;
using Catch::Matchers::Contains;

static ErrorCode code_of_reading(const std::string& path) {
    try {
        (void)PublicKey::read(path);
    } catch (const Error& e) {
        return e.code();
    }
    FAIL("'" << path << "' was accepted");
    return ErrorCode::failed;
}

TEST_CASE("a key's id is the SHA-256 of its DER public key, whatever it was read from") {
    const KeyFiles files;
    for (const auto& kind : signing_key_kinds) {
        CAPTURE(kind);
        files.generate("signing", kind);
        run_checked({"openssl", "pkey", "-pubin", "-in", files.path("signing.pub"), "-outform",
                     "DER", "-out", files.path("signing.der")});
        run_checked({"openssl", "req", "-new", "-x509", "-key", files.path("signing.key"), "-subj",
                     "/CN=test", "-days", "1", "-out", files.path("signing.crt")});
        run_checked({"openssl", "x509", "-in", files.path("signing.crt"), "-outform", "DER", "-out",
                     files.path("crt.der")});
        const Digest id = sha256(read_file(files.path("signing.der"), 1 << 20));
        CHECK(PublicKey::read(files.path("signing.pub")).id() == id);
        CHECK(PublicKey::read(files.path("signing.der")).id() == id);
        CHECK(PublicKey::read(files.path("signing.crt")).id() == id);
        CHECK(PublicKey::read(files.path("crt.der")).id() == id);
        CHECK(SigningKey::read(files.path("signing.key")).public_key().id() == id);
        CHECK(SigningKey::read("file:" + files.path("signing.key")).public_key().id() == id);
        CHECK(PublicKey::read(files.path("signing.pub")).pem() ==
              read_text(files.path("signing.pub")));
    }
}

TEST_CASE("a public key has the name of its file") {
    const KeyFiles files;
    files.generate("signing", signing_key_kinds[0]);
    CHECK(PublicKey::read(files.path("signing.pub")).name() == "signing.pub");
}

TEST_CASE("keys that are too weak or of another kind are refused by name") {
    const KeyFiles files;
    files.generate("short", {"-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"});
    files.generate("curve", {"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"});
    files.generate("other", {"-algorithm", "ED448"});
    CHECK_THROWS_WITH(PublicKey::read(files.path("short.pub")),
                      Contains("short.pub'") && Contains("at least 2048 bits"));
    CHECK_THROWS_WITH(PublicKey::read(files.path("curve.pub")), Contains("not P-256"));
    CHECK_THROWS_WITH(PublicKey::read(files.path("other.pub")), Contains("neither Ed25519"));
    CHECK_THROWS_WITH(SigningKey::read(files.path("short.key")), Contains("at least 2048 bits"));
    CHECK(code_of_reading(files.path("short.pub")) == ErrorCode::usage);
}

TEST_CASE("what is not exactly one public key is refused") {
    const KeyFiles files;
    files.generate("signing", signing_key_kinds[0]);
    const std::string pem = read_text(files.path("signing.pub"));

    files.write("empty.pub", {});
    files.write("text.pub", bytes_of("hello"));
    files.write("two.pub", bytes_of(pem + pem));
    files.write("torn.pub", bytes_of(pem.substr(0, pem.size() / 2)));
    files.write("huge.pub", Bytes(100'000, 'x'));
    run_checked({"openssl", "pkey", "-pubin", "-in", files.path("signing.pub"), "-outform", "DER",
                 "-out", files.path("trailing.pub")});
    Bytes der = read_file(files.path("trailing.pub"), 1 << 20);
    der.push_back(0);
    files.write("trailing.pub", der);
    for (const char* name : {"empty.pub", "text.pub", "two.pub", "torn.pub", "trailing.pub"}) {
        CAPTURE(name);
        CHECK(code_of_reading(files.path(name)) == ErrorCode::usage);
    }
    CHECK_THROWS_WITH(PublicKey::read(files.path("two.pub")), Contains("more than one"));
    CHECK_THROWS_WITH(PublicKey::read(files.path("signing.key")), Contains("is a private key"));
    CHECK_THROWS_WITH(PublicKey::read(files.path("huge.pub")), Contains("larger than"));
    CHECK_THROWS_WITH(PublicKey::read(files.path("absent.pub")), Contains("absent.pub"));
}

TEST_CASE("a generated key comes back from its PEM") {
    const KeyFiles files;
    const SigningKey key = SigningKey::generate();
    files.write("signing.key", bytes_of(key.private_pem()));
    CHECK(SigningKey::read(files.path("signing.key")).public_key().id() == key.public_key().id());
    CHECK_FALSE(SigningKey::generate().public_key().id() == key.public_key().id());
}

TEST_CASE("a signing key that cannot be had is named") {
    CHECK_THROWS_WITH(SigningKey::read("/nonexistent/signing.key"),
                      Contains("/nonexistent/signing.key"));
    CHECK_THROWS_WITH(SigningKey::read("pkcs11:object=absent"), Contains("pkcs11:object=absent"));
    const KeyFiles files;
    files.generate("signing", signing_key_kinds[0]);
    CHECK_THROWS_WITH(SigningKey::read(files.path("signing.pub")), Contains("signing.pub"));
}

TEST_CASE("the Secure Boot key is RSA with a certificate that verifies itself for 20 years") {
    const KeyFiles files;
    const auto [key, certificate] = generate_secure_boot_key("Quoin development");
    files.write("sb.key", bytes_of(key));
    files.write("sb.crt", bytes_of(certificate));
    const std::string text =
        run_checked({"openssl", "x509", "-in", files.path("sb.crt"), "-noout", "-text"});
    CHECK_THAT(text, Contains("Version: 3") && Contains("CN = Quoin development") &&
                         Contains("Public-Key: (2048 bit)") && Contains("Code Signing") &&
                         Contains("CA:FALSE") && Contains("sha256WithRSAEncryption"));
    const std::string nineteen_years = std::to_string(19LL * 365 * 86400);
    CHECK(
        run({"openssl", "x509", "-in", files.path("sb.crt"), "-noout", "-checkend", nineteen_years})
            .status == 0);
    CHECK(run({"openssl", "verify", "-check_ss_sig", "-partial_chain", "-trusted",
               files.path("sb.crt"), files.path("sb.crt")})
              .status == 0);
    CHECK(PublicKey::read(files.path("sb.crt")).id() ==
          SigningKey::read(files.path("sb.key")).public_key().id());
    CHECK(generate_secure_boot_key("Quoin development").second != certificate);
    CHECK_THROWS_AS(generate_secure_boot_key(std::string(100, 'x')), Error);
}
