// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"
#include "sample_bundle.hpp"
#include "support/catch.hpp"

using namespace quoin;
using namespace quoin::test;
using Catch::Matchers::Contains;

TEST_CASE("a packed bundle reads back as what went in") {
    const Sample sample;
    const SigningKey key = SigningKey::generate();
    const PackedSample packed(sample, {key});
    const BundleHead head = read_bundle_head(packed.region());
    const Manifest manifest = head.authenticate({{key.public_key()}, 1});
    CHECK(manifest.serialize() == packed.manifest().serialize());
    CHECK(packed.region().size() == head.header.bundle_size(manifest));
    CHECK(read_bundle_contents(packed.region(), head, manifest, 7).entries ==
          sample.contents.entries);
    CHECK(read_bundle_index(packed.region(), head, manifest).serialize() ==
          sample.index.serialize());

    Bytes root(sample.root.size());
    Bytes uki(sample.uki.size());
    for (const PlacedChunk& placed : place_chunks(sample.index)) {
        const ByteSpan target = placed.in_uki ? ByteSpan(uki) : ByteSpan(root);
        packed.region().read(target.subspan(placed.target_offset, placed.chunk.size),
                             head.header.data_offset() + placed.data_offset);
    }
    CHECK(root == sample.root);
    CHECK(uki == sample.uki);
}

TEST_CASE("verification reports its progress up to the whole") {
    const SigningKey key = SigningKey::generate();
    const PackedSample packed(Sample(), {key});
    std::uint64_t last = 0;
    verify_bundle_data(packed.region(), read_bundle_head(packed.region()), packed.manifest(),
                       [&](std::uint64_t done, std::uint64_t whole) {
                           CHECK(done > last);
                           CHECK(whole == 26076);
                           last = done;
                       });
    CHECK(last == 26076);
}

TEST_CASE("a bundle is the same bytes each time an Ed25519 key signs it") {
    const SigningKey key = SigningKey::generate();
    CHECK(PackedSample(Sample(), {key}).content() == PackedSample(Sample(), {key}).content());
}

TEST_CASE("a head longer than the first read is read whole") {
    std::vector<SigningKey> keys;
    std::vector<PublicKey> anchors;
    for (int i = 0; i < 200; ++i) {
        keys.push_back(SigningKey::generate());
        anchors.push_back(keys.back().public_key());
    }
    const PackedSample packed(Sample(), keys);
    const BundleHead head = read_bundle_head(packed.region());
    REQUIRE(head.header.head_size() > first_read_size);
    CHECK(head.authenticate({anchors, 200}).id == "node");
}

TEST_CASE("what does not fit together is not packed") {
    const SigningKey key = SigningKey::generate();
    Sample sample;
    SECTION("another root than the index describes") {
        sample.root[9000] ^= 1;
        CHECK_THROWS_WITH(PackedSample(sample, {key}), Contains("does not describe"));
    }
    SECTION("another UKI than the manifest's") {
        sample.uki[3] ^= 1;
        CHECK_THROWS_AS(PackedSample(sample, {key}), Error);
    }
    SECTION("an index that is too short") {
        sample.index.root.pop_back();
        CHECK_THROWS_AS(PackedSample(sample, {key}), Error);
    }
    SECTION("a manifest that nodes would refuse") {
        sample.manifest.version = "../1";
        CHECK_THROWS_WITH(PackedSample(sample, {key}), Contains("'version'"));
    }
    SECTION("one key twice") {
        CHECK_THROWS_WITH(PackedSample(sample, {key, key}), Contains("given twice"));
    }
}
