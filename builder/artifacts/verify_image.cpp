// SPDX-License-Identifier: Apache-2.0
#include "builder/artifacts/verify_image.hpp"

#include "base/error.hpp"
#include "base/units.hpp"

#include <algorithm>

namespace quoin {
namespace {

void require(bool holds, const std::string& what) {
    if (!holds)
        throw refused(what);
}

void verify_table(const DiskImage& image) {
    const auto& health = image.table.health;
    require(health.primary, "the primary partition table is damaged");
    require(health.backup, "the backup partition table is damaged");
    require(health.agree, "the two partition tables differ");
}

Manifest verify_head(const ImageSlot& slot, const TrustAnchors& anchors,
                     std::vector<std::string>& signers) {
    require(slot.head.has_value(), "the ESP has no signed manifest for it");
    require(slot.head->size() >= bundle_header_size, "its signed manifest ends early");
    const auto header = BundleHeader::parse(ByteView(*slot.head).first(bundle_header_size));
    require(slot.head->size() == header.head_size(), "its signed manifest has an odd size");
    const auto head = BundleHead::parse(*slot.head);
    auto manifest = head.authenticate(anchors);
    signers = judge(bytes_of(head.manifest_text), head.signatures, anchors).signers;
    return manifest;
}

void verify_uki(const ImageSlot& slot, const Manifest& manifest) {
    require(slot.uki.has_value(), "the ESP has no kernel for its root hash");
    require(sha256(slot.uki->content) == manifest.uki_sha256,
            "its kernel '" + slot.uki->file_name + "' is not the one that was signed");
    const auto& claims = *slot.uki->claims;
    require(claims.root_hash == manifest.root_hash, "its kernel opens another root");
    require(std::ranges::equal(claims.salt, manifest.salt), "its kernel has another salt");
    require(claims.data_blocks == manifest.root_size / verity_block_size,
            "its kernel opens a root of another size");
}

void verify_partitions(const ImageSlot& slot, const Manifest& manifest) {
    require(slot.root.label == manifest.id + "_" + manifest.version,
            "its label does not say '" + manifest.id + "_" + manifest.version + "'");
    require(slot.verity.label == slot.root.label + "_verity",
            "its verity partition has another label");
    require(slot.root.uuid == data_partition_uuid(manifest.root_hash) &&
                slot.verity.uuid == verity_partition_uuid(manifest.root_hash),
            "its partition UUIDs do not come from the root hash");
}

/// Hashes the root once: the root hash it yields, and every block of the tree as it lies on disk.
void verify_root(const DiskImage& image, const ImageSlot& slot, const Manifest& manifest,
                 const ProgressObserver& progress) {
    const auto root = image.region(slot.root);
    const auto verity = image.region(slot.verity);
    require(manifest.root_size <= root.size(), "its root is larger than the partition");
    Bytes stored(verity_block_size);
    const auto compare = [&](std::uint64_t offset, ByteView block) {
        const auto part = ByteSpan(stored).first(block.size());
        verity.read(part, offset);
        require(std::ranges::equal(part, block), "its verity tree is damaged");
    };
    VerityWriter writer({manifest.salt, manifest.verity_uuid}, manifest.root_size, compare);
    Bytes buffer(MiB);
    for (std::uint64_t offset = 0; offset < manifest.root_size; offset += buffer.size()) {
        const auto part = ByteSpan(buffer).first(
            std::min<std::uint64_t>(buffer.size(), manifest.root_size - offset));
        root.read(part, offset);
        writer.update(part);
        progress(offset + part.size(), manifest.root_size);
    }
    require(writer.finish() == manifest.root_hash, "its root does not match the root hash");
}

void verify_index(const DiskImage& image, const ImageSlot& slot, const Manifest& manifest) {
    const auto stored = read_slot_index(image.region(slot.verity));
    require(stored.has_value(), "its block index is missing or damaged");
    require(stored->root_hash == manifest.root_hash &&
                sha256(stored->index) == manifest.index_sha256,
            "its block index is not the one that was signed");
}

} // namespace

std::vector<VerifiedSystem> verify_image(const DiskImage& image, const TrustAnchors& anchors,
                                         const ProgressObserver& progress) {
    verify_table(image);
    std::vector<VerifiedSystem> systems;
    for (const auto& slot : image.slots) {
        if (slot.is_empty())
            continue;
        in_context("slot '" + slot.name + "'", [&] {
            VerifiedSystem system;
            system.slot = slot.name;
            system.manifest = verify_head(slot, anchors, system.signers);
            verify_uki(slot, system.manifest);
            verify_partitions(slot, system.manifest);
            verify_root(image, slot, system.manifest, progress);
            verify_index(image, slot, system.manifest);
            systems.push_back(std::move(system));
        });
    }
    require(!systems.empty(), "the image holds no system");
    return systems;
}

} // namespace quoin
