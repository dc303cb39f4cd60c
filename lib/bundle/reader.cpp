// SPDX-License-Identifier: Apache-2.0
#include "bundle/reader.hpp"

#include "base/error.hpp"
#include "base/units.hpp"
#include "disk/verity.hpp"

#include <algorithm>

namespace quoin {

BundleHead read_bundle_head(const Region& bundle) {
    Bytes head(std::min(bundle.size(), first_read_size));
    bundle.read(head, 0);
    const std::uint64_t head_size = BundleHeader::parse(head).head_size();
    if (head_size > bundle.size())
        throw refused("damaged bundle: it ends within signatures or manifest");
    if (head_size > head.size()) {
        head.resize(head_size);
        bundle.read(head, 0);
    }
    return BundleHead::parse(head);
}

SlotIndex read_bundle_index(const Region& bundle, const BundleHead& head,
                            const Manifest& manifest) {
    Bytes bytes(manifest.index_size);
    bundle.read(bytes, head.header.index_offset());
    return parse_bundle_index(bytes, manifest);
}

SlotIndex parse_bundle_index(ByteView bytes, const Manifest& manifest) {
    if (bytes.size() != manifest.index_size || sha256(bytes) != manifest.index_sha256)
        throw refused("damaged bundle: the index does not have the hash in the manifest");
    SlotIndex index = SlotIndex::parse(bytes);
    if (index.root_size() != manifest.root_size || index.uki_size() != manifest.uki_size)
        throw refused("damaged bundle: index and manifest disagree about sizes");
    return index;
}

Contents read_bundle_contents(const Region& bundle, const BundleHead& head,
                              const Manifest& manifest, std::uint64_t chunk_count) {
    Bytes bytes(manifest.contents_size);
    bundle.read(bytes, head.header.contents_offset());
    return parse_bundle_contents(bytes, manifest, chunk_count);
}

Contents parse_bundle_contents(ByteView bytes, const Manifest& manifest,
                               std::uint64_t chunk_count) {
    if (bytes.size() != manifest.contents_size || sha256(bytes) != manifest.contents_sha256)
        throw refused("damaged bundle: the contents table does not have the hash in the manifest");
    return Contents::parse(bytes, chunk_count);
}

/// Reads a chunk into `content` and checks it.
static void read_chunk(const Region& bundle, const BundleHead& head, const PlacedChunk& placed,
                       Bytes& content) {
    content.resize(placed.chunk.size);
    bundle.read(content, head.header.data_offset() + placed.data_offset);
    if (chunk_hash(content) != placed.chunk.hash)
        throw refused("damaged bundle: the chunk at byte " + std::to_string(placed.target_offset) +
                      (placed.in_uki ? " of the UKI" : " of the root") +
                      " does not have the hash in the index");
}

static Digest hash_range(const Region& bundle, std::uint64_t start, std::uint64_t size) {
    Sha256 hash;
    Bytes buffer(std::min<std::uint64_t>(size, 1 * MiB));
    for (std::uint64_t done = 0; done < size; done += buffer.size()) {
        buffer.resize(std::min<std::uint64_t>(size - done, buffer.size()));
        bundle.read(buffer, start + done);
        hash.update(buffer);
    }
    return hash.finish();
}

/// What the patches are, only a later version knows; that they are what was signed, this one does.
static void verify_patches(const Region& bundle, const BundleHead& head, const Manifest& manifest) {
    const std::uint64_t start = head.header.patches_offset(manifest);
    if (hash_range(bundle, start, manifest.patch_index_size) != manifest.patch_index_sha256 ||
        hash_range(bundle, start, manifest.patches_size) != manifest.patches_sha256)
        throw refused("damaged bundle: the patches do not have the hashes in the manifest");
}

void verify_bundle_data(const Region& bundle, const BundleHead& head, const Manifest& manifest,
                        const ProgressObserver& progress) {
    if (const auto mistake = head.header.mistake_in_size(manifest, bundle.size()))
        throw refused("damaged bundle: " + *mistake);
    std::vector<PlacedChunk> chunks = place_chunks(read_bundle_index(bundle, head, manifest));
    (void)read_bundle_contents(bundle, head, manifest, chunks.size());
    verify_patches(bundle, head, manifest);

    // Back in the order of root and UKI, in which their hashes are made.
    std::ranges::sort(chunks, {}, [](const PlacedChunk& chunk) {
        return std::pair(chunk.in_uki, chunk.target_offset);
    });
    VerityWriter root({manifest.salt, manifest.verity_uuid}, manifest.root_size);
    Sha256 uki;
    Bytes content;
    std::uint64_t done = 0;
    for (const PlacedChunk& placed : chunks) {
        read_chunk(bundle, head, placed, content);
        if (placed.in_uki)
            uki.update(content);
        else
            root.update(content);
        done += content.size();
        if (progress)
            progress(done, manifest.data_size);
    }
    if (root.finish() != manifest.root_hash)
        throw refused("damaged bundle: its root does not have the root hash in the manifest");
    if (uki.finish() != manifest.uki_sha256)
        throw refused("damaged bundle: its UKI does not have the hash in the manifest");
}

} // namespace quoin
