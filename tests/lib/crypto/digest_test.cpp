// SPDX-License-Identifier: Apache-2.0
#include "crypto/digest.hpp"

#include "support/catch.hpp"

using namespace quoin;

// FIPS 180-4, examples of NIST.
static const std::string hash_of_nothing =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
static const std::string hash_of_abc =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST_CASE("SHA-256 gives the published values") {
    CHECK(sha256({}).hex() == hash_of_nothing);
    CHECK(sha256(bytes_of("abc")).hex() == hash_of_abc);
    CHECK(sha256(bytes_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")).hex() ==
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST_CASE("a streamed hash does not depend on how the data is cut, and starts anew by itself") {
    Sha256 hash;
    CHECK(hash.update(bytes_of("a")).update({}).update(bytes_of("bc")).finish().hex() ==
          hash_of_abc);
    CHECK(hash.finish().hex() == hash_of_nothing);
    CHECK(hash.update(bytes_of("abc")).finish().hex() == hash_of_abc);
    Sha256 moved = std::move(hash);
    CHECK(moved.update(bytes_of("abc")).finish().hex() == hash_of_abc);
}

TEST_CASE("a salted hash is the hash of salt and data") {
    CHECK(sha256(bytes_of("ab"), bytes_of("c")).hex() == hash_of_abc);
    CHECK(sha256(bytes_of("abc"), {}).hex() == hash_of_abc);
    CHECK(sha256({}, bytes_of("abc")).hex() == hash_of_abc);
}

TEST_CASE("digests are read from 64 hex digits only") {
    const auto digest = Digest::parse(hash_of_abc);
    REQUIRE(digest);
    CHECK(digest->hex() == hash_of_abc);
    CHECK_FALSE(Digest::parse(""));
    CHECK_FALSE(Digest::parse(hash_of_abc.substr(2)));
    CHECK_FALSE(Digest::parse(hash_of_abc + "00"));
    CHECK_FALSE(Digest::parse("x" + hash_of_abc.substr(1)));
}

TEST_CASE("a derived UUID depends on purpose and name and is marked as version 8") {
    const Uuid uuid = derived_uuid("disk", "node");
    CHECK(uuid == derived_uuid("disk", "node"));
    CHECK_FALSE(uuid == derived_uuid("data", "node"));
    CHECK_FALSE(uuid == derived_uuid("disk", "other"));
    CHECK(uuid.text()[14] == '8');
    CHECK(std::string("89ab").find(uuid.text()[19]) != std::string::npos);
    // Lies on disks in the field: must never change.
    CHECK(uuid.text().substr(0, 8) == sha256(bytes_of("quoin:disk:node")).hex().substr(0, 8));
}
