// SPDX-License-Identifier: Apache-2.0
#include "bundle/writer.hpp"

#include "base/error.hpp"
#include "bundle/head.hpp"
#include "bundle/layout.hpp"

#include <algorithm>

namespace quoin {

/// Refuses to pack what no node could unpack: the mistake shows here, not in the field.
static void check_inputs(const Manifest& manifest, const SlotIndex& index, const Region& root,
                         ByteView uki) {
    if (index.root_size() != manifest.root_size || root.size() < manifest.root_size)
        throw Error("cannot pack a bundle: root, index and manifest disagree about the size of " +
                    root.name());
    if (index.uki_size() != uki.size() || manifest.uki_size != uki.size() ||
        manifest.uki_sha256 != sha256(uki))
        throw Error("cannot pack a bundle: index and manifest are not those of the UKI");
}

static std::vector<Signature> sign_with_all(const std::string& manifest_text,
                                            const std::vector<SigningKey>& keys) {
    std::vector<Signature> signatures;
    for (const SigningKey& key : keys) {
        Signature signature = key.sign(bytes_of(manifest_text));
        const auto is_same = [&](const Signature& other) {
            return other.key_id == signature.key_id;
        };
        if (std::ranges::any_of(signatures, is_same))
            throw Error(ErrorCode::usage, "cannot pack a bundle: a signing key is given twice");
        signatures.push_back(std::move(signature));
    }
    return signatures;
}

Manifest BundleWriter::write_head(Manifest manifest, Contents contents,
                                  const std::vector<SigningKey>& keys) {
    const SlotIndex& index = content_.index;
    check_inputs(manifest, index, content_.root, content_.uki);
    const Bytes index_bytes = index.serialize();
    const Bytes contents_bytes = std::move(contents).serialize();
    (void)Contents::parse(contents_bytes, index.root.size() + index.uki.size());
    manifest.index_size = index_bytes.size();
    manifest.index_sha256 = sha256(index_bytes);
    manifest.data_size = manifest.root_size + manifest.uki_size;
    manifest.contents_size = contents_bytes.size();
    manifest.contents_sha256 = sha256(contents_bytes);

    const std::string manifest_text = manifest.serialize();
    (void)Manifest::parse(manifest_text); // never sign what nodes refuse
    const Bytes signatures = serialize_signatures(sign_with_all(manifest_text, keys));
    const BundleHeader header{signatures.size(), manifest_text.size(), index_bytes.size(),
                              manifest.data_size};

    pwrite_all(out_, header.serialize(), 0, name_);
    pwrite_all(out_, signatures, bundle_header_size, name_);
    pwrite_all(out_, bytes_of(manifest_text), bundle_header_size + signatures.size(), name_);
    pwrite_all(out_, index_bytes, header.index_offset(), name_);
    pwrite_all(out_, contents_bytes, header.contents_offset(), name_);
    data_start_ = header.data_offset();
    return manifest;
}

void BundleWriter::write_data(const ProgressObserver& progress) const {
    const auto& [index, root, uki] = content_;
    const auto chunks = place_chunks(index);
    const std::uint64_t whole =
        chunks.empty() ? 0 : chunks.back().data_offset + chunks.back().chunk.size;
    Bytes buffer;
    for (const PlacedChunk& placed : chunks) {
        ByteView content;
        if (placed.in_uki) {
            content = uki.subspan(placed.target_offset, placed.chunk.size);
        } else {
            buffer.resize(placed.chunk.size);
            root.read(buffer, placed.target_offset);
            content = buffer;
        }
        if (chunk_hash(content) != placed.chunk.hash)
            throw Error("cannot pack a bundle: the index does not describe " + root.name());
        pwrite_all(out_, content, data_start_ + placed.data_offset, name_);
        if (progress)
            progress(placed.data_offset + content.size(), whole);
    }
}

} // namespace quoin
