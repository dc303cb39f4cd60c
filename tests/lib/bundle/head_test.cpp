// SPDX-License-Identifier: Apache-2.0
#include "bundle/head.hpp"

#include "base/error.hpp"
#include "disk/slot_index.hpp"
#include "sample_bundle.hpp"
#include "support/catch.hpp"

#include <limits>

using namespace quoin;
using namespace quoin::test;
using Catch::Matchers::Contains;

static Signature signature_by(std::uint8_t signer, std::size_t size = 64) {
    Signature signature;
    signature.key_id.bytes.fill(signer);
    signature.value.assign(size, signer);
    return signature;
}

TEST_CASE("a header says where everything lies") {
    const BundleHeader header{100, 1000, 10'000, 100'000};
    CHECK(to_hex(header.serialize()) == "51554f494e42444c"
                                        "01000000"
                                        "40000000"
                                        "6400000000000000"
                                        "e803000000000000"
                                        "1027000000000000"
                                        "a086010000000000"
                                        "00000000000000000000000000000000");
    const BundleHeader parsed = BundleHeader::parse(header.serialize());
    CHECK(parsed.index_offset() == 1164);
    CHECK(parsed.data_offset() == 11'164);
    CHECK(parsed.contents_offset() == 111'164);
}

TEST_CASE("sizes over their limits are refused, so that no sum overflows") {
    const BundleHeader highest{max_signatures_size, max_manifest_size, max_index_size,
                               max_bundle_data_size};
    CHECK(BundleHeader::parse(highest.serialize()).contents_offset() > max_bundle_data_size);
    for (std::size_t field = 0; field < 4; ++field) {
        CAPTURE(field);
        Bytes bytes = highest.serialize();
        bytes[16 + field * 8] += 1; // one above the limit
        CHECK_THROWS_WITH(BundleHeader::parse(bytes), Contains("are allowed"));
        for (std::size_t i = 0; i < 8; ++i)
            bytes[16 + field * 8 + i] = 0xff;
        CHECK_THROWS_WITH(BundleHeader::parse(bytes), Contains("are allowed"));
    }
}

TEST_CASE("what is not a bundle, or one of the future, is refused") {
    const Bytes good = BundleHeader{}.serialize();
    CHECK_THROWS_WITH(BundleHeader::parse(bytes_of("hsqs")), Contains("ends within the header"));
    Bytes bytes = good;
    bytes[0] = 'q';
    CHECK_THROWS_WITH(BundleHeader::parse(bytes), Contains("not a bundle"));
    bytes = good;
    bytes[8] = 2;
    CHECK_THROWS_WITH(BundleHeader::parse(bytes), Contains("format 2 is not known"));
    for (std::size_t i = 48; i < 64; ++i) {
        bytes = good;
        bytes[i] = 1;
        CHECK_THROWS_WITH(BundleHeader::parse(bytes), Contains("reserved"));
    }
}

TEST_CASE("signatures come back in order, those of unknown algorithms too") {
    Signature future = signature_by(3, 3309);
    future.algorithm = static_cast<SignatureAlgorithm>(9);
    const auto parsed =
        parse_signatures(serialize_signatures({signature_by(1), signature_by(2, 1), future}));
    REQUIRE(parsed.size() == 3);
    CHECK(parsed[0].key_id == signature_by(1).key_id);
    CHECK(parsed[1].value == Bytes{2});
    CHECK(parsed[2].algorithm == future.algorithm);
    CHECK(parsed[2].value == future.value);
    CHECK(parse_signatures({}).empty());
}

TEST_CASE("damaged signature records are refused") {
    const Bytes good = serialize_signatures({signature_by(1), signature_by(2)});
    for (std::size_t size = 1; size < good.size(); ++size) {
        if (size == good.size() / 2) // one record, whole
            continue;
        CAPTURE(size);
        REQUIRE_THROWS_AS(parse_signatures(ByteView(good).first(size)), Error);
    }
    Bytes trailing = good;
    trailing.push_back(0);
    CHECK_THROWS_AS(parse_signatures(trailing), Error);
    CHECK_THROWS_WITH(parse_signatures(serialize_signatures({signature_by(1), signature_by(1)})),
                      Contains("two signatures by one key"));
    Bytes empty_value = serialize_signatures({signature_by(1, 1)});
    empty_value[34] = 0;
    CHECK_THROWS_AS(parse_signatures(ByteView(empty_value).first(36)), Error);
}

TEST_CASE("signatures that cannot be stored are not") {
    CHECK_THROWS_AS(serialize_signatures({signature_by(1, 0)}), Error);
    CHECK_THROWS_AS(serialize_signatures({signature_by(1, 65'536)}), Error);
    CHECK_THROWS_AS(serialize_signatures({signature_by(1, 40'000), signature_by(2, 40'000)}),
                    Error);
}

TEST_CASE("a manifest is only had through enough trusted signatures") {
    const SigningKey first = SigningKey::generate();
    const SigningKey second = SigningKey::generate();
    const SigningKey stranger = SigningKey::generate();
    const PackedSample packed(Sample(), {first, second});
    const BundleHead head = BundleHead::parse(packed.content());
    CHECK(head.signatures.size() == 2);
    CHECK(head.authenticate({{first.public_key()}, 1}).version == "1.2.3");
    CHECK(head.authenticate({{first.public_key(), second.public_key()}, 2}).version == "1.2.3");
    CHECK_THROWS_WITH(head.authenticate({{stranger.public_key()}, 1}),
                      Contains("untrusted bundle: not signed by any trusted key"));
    CHECK_THROWS_WITH(head.authenticate({{first.public_key(), stranger.public_key()}, 2}),
                      Contains("2 are required"));
    CHECK(head.unauthenticated().version == "1.2.3");
}

TEST_CASE("a header that disagrees with the manifest is refused with the head alone") {
    const SigningKey key = SigningKey::generate();
    const PackedSample packed(Sample(), {key});
    const TrustAnchors anchors{{key.public_key()}, 1};
    for (const std::size_t size_field : {std::size_t{32}, std::size_t{40}}) {
        CAPTURE(size_field);
        Bytes bytes = packed.content();
        bytes[size_field] ^= 1;
        CHECK_THROWS_WITH(BundleHead::parse(bytes).authenticate(anchors),
                          Contains("disagree about sizes"));
    }
}
