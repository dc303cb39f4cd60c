// SPDX-License-Identifier: Apache-2.0
#include "crypto/trust.hpp"

#include "base/error.hpp"
#include "key_files.hpp"
#include "support/catch.hpp"

#include <sys/stat.h>
#include <unistd.h>

using namespace quoin;
using namespace quoin::test;
using Catch::Matchers::Contains;

static const ByteView message = bytes_of("manifest");

TEST_CASE("one trusted signature is enough when one is required") {
    const SigningKey key = SigningKey::generate();
    const TrustAnchors anchors{{key.public_key()}, 1};
    const Verdict verdict = judge(message, {key.sign(message)}, anchors);
    CHECK(verdict.trusted);
    CHECK(verdict.signers.size() == 1);
}

TEST_CASE("nothing is trusted without a signature by a trusted key") {
    const SigningKey key = SigningKey::generate();
    const SigningKey stranger = SigningKey::generate();
    CHECK_FALSE(judge(message, {}, {{key.public_key()}, 1}).trusted);
    const Verdict verdict = judge(message, {stranger.sign(message)}, {{key.public_key()}, 1});
    CHECK_FALSE(verdict.trusted);
    CHECK(verdict.reason == "not signed by any trusted key");
    CHECK_FALSE(judge(message, {key.sign(message)}, {{}, 1}).trusted);
    // No way of writing the number turns verification off.
    CHECK_FALSE(judge(message, {}, {{key.public_key()}, 0}).trusted);
    CHECK_FALSE(judge(message, {}, {{}, 0}).trusted);
}

TEST_CASE("k of n counts distinct keys, and unknown signers change nothing") {
    const SigningKey first = SigningKey::generate();
    const SigningKey second = SigningKey::generate();
    const SigningKey stranger = SigningKey::generate();
    const TrustAnchors anchors{{first.public_key(), second.public_key()}, 2};
    const Signature one = first.sign(message);
    CHECK(judge(message, {one, stranger.sign(message), second.sign(message)}, anchors).trusted);
    const Verdict verdict = judge(message, {one, one, stranger.sign(message)}, anchors);
    CHECK_FALSE(verdict.trusted);
    CHECK(verdict.reason == "signed by 1 trusted key, 2 are required");
}

TEST_CASE("a bad signature in a trusted key's name spoils the others") {
    const SigningKey first = SigningKey::generate();
    const SigningKey second = SigningKey::generate();
    const TrustAnchors anchors{{first.public_key(), second.public_key()}, 1};
    Signature bad = second.sign(message);
    bad.value[10] ^= 1;
    const Verdict verdict = judge(message, {first.sign(message), bad}, anchors);
    CHECK_FALSE(verdict.trusted);
    CHECK_THAT(verdict.reason, Contains("does not verify"));
}

TEST_CASE("a directory stands for its keys and its trust.toml") {
    const KeyFiles files;
    files.generate("a", signing_key_kinds[0]);
    files.generate("b", signing_key_kinds[1]);
    files.write("README", bytes_of("not a key"));
    // The private halves are no anchors.
    const TrustAnchors plain = TrustAnchors::read({files.directory()});
    CHECK(plain.keys.size() == 2);
    CHECK(plain.required == 1);
    files.write("trust.toml", bytes_of("required = 2\n"));
    CHECK(TrustAnchors::read({files.directory()}).required == 2);
    CHECK(TrustAnchors::read({files.path("a.pub")}).required == 1);
}

TEST_CASE("one key in two files counts once") {
    const KeyFiles files;
    files.generate("a", signing_key_kinds[0]);
    files.write("copy.pem", read_file(files.path("a.pub"), 1 << 20));
    CHECK(TrustAnchors::read({files.directory(), files.path("a.pub")}).keys.size() == 1);
}

TEST_CASE("an anchor that cannot be used is an error, never left out") {
    const KeyFiles files;
    files.generate("a", signing_key_kinds[0]);
    SECTION("damaged") {
        files.write("b.pub", bytes_of("damaged"));
    }
    SECTION("a dangling link") {
        REQUIRE(::symlink("/nonexistent", files.path("b.crt").c_str()) == 0);
    }
    SECTION("a directory") {
        REQUIRE(::mkdir(files.path("b.pem").c_str(), 0755) == 0);
    }
    CHECK_THROWS_WITH(TrustAnchors::read({files.directory()}), Contains("/b."));
}

TEST_CASE("a trust.toml that says anything else is refused") {
    const KeyFiles files;
    files.generate("a", signing_key_kinds[0]);
    for (const char* text :
         {"", "required = 0", "required = -1", "required = 1.0", "required = '1'", "requird = 2",
          "required = 2\nmore = 1", "required = 99999999999", "required"}) {
        CAPTURE(text);
        files.write("trust.toml", bytes_of(text));
        CHECK_THROWS_WITH(TrustAnchors::read({files.directory()}), Contains("trust.toml"));
    }
}

TEST_CASE("no key at all is an error") {
    const TemporaryDirectory empty;
    CHECK_THROWS_WITH(TrustAnchors::read({empty.path()}), Contains("no trusted key"));
    CHECK_THROWS_WITH(TrustAnchors::read({}), Contains("no trusted key"));
    CHECK_THROWS_AS(TrustAnchors::read({empty.path() + "/absent"}), Error);
}
