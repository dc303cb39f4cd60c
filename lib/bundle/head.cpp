// SPDX-License-Identifier: Apache-2.0
// Everything here is parsed before any signature was checked: each size is bounded before it is
// used, and nothing is interpreted that authentication does not need.
#include "bundle/head.hpp"

#include "base/error.hpp"
#include "disk/slot_index.hpp"

#include <algorithm>
#include <set>

namespace quoin {

namespace {

struct StoredHeader {
    std::array<char, 8> magic;
    le32 format;
    le32 header_size;
    le64 signatures_size;
    le64 manifest_size;
    le64 index_size;
    le64 data_size;
    std::array<std::uint8_t, 16> reserved;
};
static_assert(sizeof(StoredHeader) == bundle_header_size);

/// In front of each signature's value.
struct StoredSignature {
    std::array<std::uint8_t, 32> key_id;
    le16 algorithm;
    le16 value_size;
};
static_assert(sizeof(StoredSignature) == 36);

constexpr std::array<char, 8> bundle_magic{'Q', 'U', 'O', 'I', 'N', 'B', 'D', 'L'};
constexpr std::uint32_t bundle_format = 1;

void check_limit(const char* what, std::uint64_t size, std::uint64_t limit) {
    if (size > limit)
        throw refused("damaged bundle header: " + std::string(what) + " of " +
                      std::to_string(size) + " bytes, at most " + std::to_string(limit) +
                      " are allowed");
}

void append(Bytes& out, ByteView bytes) {
    out.insert(out.end(), bytes.begin(), bytes.end());
}

} // namespace

std::uint64_t BundleHeader::head_size() const {
    return bundle_header_size + signatures_size + manifest_size;
}

std::optional<std::string> BundleHeader::mistake_in_size(const Manifest& manifest,
                                                         std::uint64_t size) const {
    const std::uint64_t expected = bundle_size(manifest);
    if (size == expected)
        return std::nullopt;
    return "it has " + std::to_string(size) + " bytes, its manifest says " +
           std::to_string(expected);
}

Bytes BundleHeader::serialize() const {
    StoredHeader stored{};
    stored.magic = bundle_magic;
    stored.format = bundle_format;
    stored.header_size = static_cast<std::uint32_t>(bundle_header_size);
    stored.signatures_size = signatures_size;
    stored.manifest_size = manifest_size;
    stored.index_size = index_size;
    stored.data_size = data_size;
    const ByteView bytes = view_of(stored);
    return {bytes.begin(), bytes.end()};
}

BundleHeader BundleHeader::parse(ByteView first_64_bytes) {
    if (first_64_bytes.size() < bundle_header_size)
        throw refused("damaged bundle: it ends within the header");
    const auto stored = load<StoredHeader>(first_64_bytes);
    if (stored.magic != bundle_magic)
        throw refused("not a bundle: wrong magic");
    if (stored.format != bundle_format)
        throw refused("cannot read bundle: format " + std::to_string(stored.format) +
                      " is not known; install a release with a newer agent first");
    if (stored.header_size != bundle_header_size || !all_zero(stored.reserved))
        throw refused("damaged bundle header: reserved bytes are set");
    BundleHeader header{stored.signatures_size, stored.manifest_size, stored.index_size,
                        stored.data_size};
    // With these bounds no sum of sizes can leave 64 bits.
    check_limit("signatures", header.signatures_size, max_signatures_size);
    check_limit("manifest", header.manifest_size, max_manifest_size);
    check_limit("index", header.index_size, max_index_size);
    check_limit("data", header.data_size, max_bundle_data_size);
    return header;
}

Bytes serialize_signatures(const std::vector<Signature>& signatures) {
    Bytes out;
    for (const Signature& signature : signatures) {
        StoredSignature stored{};
        stored.key_id = signature.key_id.bytes;
        stored.algorithm = static_cast<std::uint16_t>(signature.algorithm);
        stored.value_size = static_cast<std::uint16_t>(signature.value.size());
        if (stored.value_size != signature.value.size() || signature.value.empty())
            throw Error("cannot store a signature of " + std::to_string(signature.value.size()) +
                        " bytes");
        append(out, view_of(stored));
        append(out, signature.value);
    }
    if (out.size() > max_signatures_size)
        throw Error("cannot store " + std::to_string(signatures.size()) +
                    " signatures: more than 64 KiB");
    return out;
}

std::vector<Signature> parse_signatures(ByteView bytes) {
    std::vector<Signature> signatures;
    std::set<Digest> seen;
    while (!bytes.empty()) {
        if (bytes.size() < sizeof(StoredSignature))
            throw refused("damaged bundle: its signatures end within a record");
        const auto stored = load<StoredSignature>(bytes);
        bytes = bytes.subspan(sizeof stored);
        if (stored.value_size == 0 || stored.value_size > bytes.size())
            throw refused("damaged bundle: a signature of impossible length");
        const ByteView value = bytes.first(stored.value_size);
        bytes = bytes.subspan(value.size());
        const Digest key_id{stored.key_id};
        if (!seen.insert(key_id).second)
            throw refused("damaged bundle: two signatures by one key");
        // A number that names no algorithm stays as it is: no key verifies it, and a bundle can
        // carry a future algorithm beside one that this node knows.
        signatures.push_back(
            {key_id, static_cast<SignatureAlgorithm>(static_cast<std::uint16_t>(stored.algorithm)),
             Bytes(value.begin(), value.end())});
    }
    return signatures;
}

BundleHead BundleHead::parse(ByteView bytes) {
    BundleHead head;
    head.header = BundleHeader::parse(bytes);
    if (bytes.size() < head.header.head_size())
        throw refused("damaged bundle: it ends within signatures or manifest");
    const ByteView signatures = bytes.subspan(bundle_header_size, head.header.signatures_size);
    const ByteView manifest =
        bytes.subspan(bundle_header_size + head.header.signatures_size, head.header.manifest_size);
    head.signatures = parse_signatures(signatures);
    head.manifest_text = text_of(manifest);
    return head;
}

Manifest BundleHead::unauthenticated() const {
    Manifest manifest = Manifest::parse(manifest_text);
    if (header.index_size != manifest.index_size || header.data_size != manifest.data_size)
        throw refused("damaged bundle: its header and its manifest disagree about sizes");
    return manifest;
}

Manifest BundleHead::authenticate(const TrustAnchors& anchors) const {
    const Verdict verdict = judge(bytes_of(manifest_text), signatures, anchors);
    if (!verdict.trusted)
        throw refused("untrusted bundle: " + verdict.reason);
    return unauthenticated();
}

} // namespace quoin
