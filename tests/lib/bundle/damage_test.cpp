// SPDX-License-Identifier: Apache-2.0
// What happens to bundles on the way: flipped bits, cut ends, additions, and liars.
#include "base/error.hpp"
#include "sample_bundle.hpp"
#include "support/catch.hpp"

#include <unistd.h>

using namespace quoin;
using namespace quoin::test;
using Catch::Matchers::Contains;

namespace {

/// With an area that this version steps over.
Sample sample_with_patches() {
    Sample sample;
    sample.patches = sample_bytes(300, "patches");
    sample.manifest.patches_size = sample.patches.size();
    sample.manifest.patches_sha256 = sha256(sample.patches);
    sample.manifest.patch_index_size = 100;
    sample.manifest.patch_index_sha256 = sha256(ByteView(sample.patches).first(100));
    return sample;
}

/// A good bundle and everything a careful reader does with it.
struct Subject {
    Sample sample = sample_with_patches();
    SigningKey key = SigningKey::generate();
    PackedSample packed{sample, {key}};
    TrustAnchors anchors{{key.public_key()}, 1};

    void verify() const {
        const Region bundle = packed.region();
        const BundleHead head = read_bundle_head(bundle);
        verify_bundle_data(bundle, head, head.authenticate(anchors));
    }

    [[nodiscard]] bool is_refused() const {
        try {
            verify();
        } catch (const Error& e) {
            return e.code() == ErrorCode::refused;
        }
        return false;
    }
};

} // namespace

TEST_CASE("an undamaged bundle passes") {
    CHECK_NOTHROW(Subject().verify());
}

TEST_CASE("every flipped byte of header, signatures, manifest, index, data, contents and patches "
          "is refused") {
    const Subject subject;
    const Bytes good = subject.packed.content();
    std::size_t accepted = 0;
    // Byte by byte in all eight bits; the data, 25 times as long, here and there in one bit.
    const BundleHeader header = BundleHeader::parse(good);
    const auto in_data = [&](std::size_t place) {
        return place >= header.data_offset() && place + 37 < header.contents_offset();
    };
    for (std::size_t place = 0; place < good.size(); place += in_data(place) ? 37 : 1) {
        for (int bit = 0; bit < (in_data(place) ? 1 : 8); ++bit) {
            const auto flipped = static_cast<std::uint8_t>(good[place] ^ (1 << bit));
            pwrite_all(subject.packed.fd(), view_of(flipped), place, "bundle");
            if (!subject.is_refused()) {
                ++accepted;
                UNSCOPED_INFO("accepted with bit " << bit << " of byte " << place << " flipped");
            }
        }
        pwrite_all(subject.packed.fd(), view_of(good[place]), place, "bundle");
    }
    CHECK(accepted == 0);
    CHECK_FALSE(subject.is_refused());
}

TEST_CASE("a bundle cut at any length is refused") {
    const Subject subject;
    const std::uint64_t size = subject.packed.region().size();
    const std::uint64_t head_size = read_bundle_head(subject.packed.region()).header.head_size();
    std::size_t accepted = 0;
    for (std::uint64_t length = size; length-- > 0;) {
        REQUIRE(::ftruncate(subject.packed.fd().get(), static_cast<off_t>(length)) == 0);
        accepted += subject.is_refused() ? 0 : 1;
        if (length == head_size)
            CHECK_THROWS_WITH(subject.verify(), Contains("damaged bundle: it has"));
    }
    CHECK(accepted == 0);
}

TEST_CASE("bytes behind the end are refused") {
    const Subject subject;
    pwrite_all(subject.packed.fd(), bytes_of("x"), subject.packed.region().size(), "bundle");
    CHECK_THROWS_WITH(subject.verify(), Contains("damaged bundle: it has"));
}

TEST_CASE("two chunks that change places are refused") {
    const Subject subject;
    const Bytes content = subject.packed.content();
    // The first chunks of the root, behind the UKI's.
    const std::uint64_t first = BundleHeader::parse(content).data_offset() + 1500;
    pwrite_all(subject.packed.fd(), ByteView(content).subspan(first + 7001, 8000), first, "bundle");
    pwrite_all(subject.packed.fd(), ByteView(content).subspan(first, 7001), first + 8000, "bundle");
    CHECK_THROWS_WITH(subject.verify(), Contains("does not have the hash in the index"));
}

TEST_CASE("a signer whose root hash or UKI hash is not that of the data is refused") {
    // Everything is signed and every chunk has its hash: only the last word is wrong.
    Subject subject;
    SECTION("root hash") {
        subject.sample.manifest.root_hash.bytes[0] ^= 1;
        const PackedSample lying(subject.sample, {subject.key});
        const BundleHead head = read_bundle_head(lying.region());
        CHECK_THROWS_WITH(
            verify_bundle_data(lying.region(), head, head.authenticate(subject.anchors)),
            Contains("root hash"));
    }
    SECTION("salt") {
        subject.sample.manifest.salt[0] ^= 1;
        const PackedSample lying(subject.sample, {subject.key});
        const BundleHead head = read_bundle_head(lying.region());
        CHECK_THROWS_WITH(
            verify_bundle_data(lying.region(), head, head.authenticate(subject.anchors)),
            Contains("root hash"));
    }
    SECTION("UKI hash") {
        Manifest manifest = subject.packed.manifest();
        manifest.uki_sha256.bytes[0] ^= 1;
        CHECK_THROWS_WITH(verify_bundle_data(subject.packed.region(),
                                             read_bundle_head(subject.packed.region()), manifest),
                          Contains("its UKI"));
    }
}

TEST_CASE("a bundle does not pass with another bundle's signatures") {
    const Subject subject;
    Sample other_sample;
    other_sample.manifest.version = "1.2.4";
    const PackedSample other(other_sample, {subject.key});
    const Bytes content = other.content();
    const std::uint64_t size = BundleHeader::parse(content).signatures_size;
    pwrite_all(subject.packed.fd(), ByteView(content).subspan(bundle_header_size, size),
               bundle_header_size, "bundle");
    CHECK_THROWS_WITH(subject.verify(), Contains("does not verify"));
}
