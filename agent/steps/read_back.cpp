// SPDX-License-Identifier: Apache-2.0
// Proving the tree without a second pass over the data: its lowest level, taken as data, has the
// levels above as its own tree, at the same places, and the same root hash.
#include "agent/steps/read_back.hpp"

#include "agent/steps/direct_read.hpp"
#include "agent/steps/slot_writer.hpp"
#include "base/error.hpp"
#include "disk/verity.hpp"

#include <algorithm>

namespace quoin {

namespace {

constexpr std::size_t tree_buffer_size = 64 * KiB; // written little by little
constexpr std::uint64_t hashes_per_block = verity_block_size / 32;

Error not_what_was_written(const Region& region, const std::string& part) {
    return Error("cannot trust '" + region.name() + "': the medium does not hold the " + part +
                 " that was written to it");
}

bool same(ByteView left, ByteView right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end());
}

void check_tree(const Region& verity, const VerityParameters& parameters, const Manifest& manifest,
                ByteView superblock) {
    DirectReader upper(verity, verity_block_size);
    Bytes block(verity_block_size);
    upper.read(block, 0);
    if (!same(block, superblock))
        throw not_what_was_written(verity, "superblock");

    const std::uint64_t blocks = manifest.root_size / verity_block_size;
    if (blocks == 1)
        return; // no tree: the block's hash is the root hash
    const std::uint64_t lowest_size =
        round_up(blocks, hashes_per_block) / hashes_per_block * verity_block_size;
    const std::uint64_t lowest_start = verity_area_size(manifest.root_size) - lowest_size;

    bool intact = true;
    VerityWriter writer(parameters, lowest_size, [&](std::uint64_t offset, ByteView expected) {
        if (offset == 0)
            return; // a superblock for the lowest level: not ours
        upper.read(block, offset);
        intact = intact && same(block, expected);
    });
    DirectReader lowest(verity);
    lowest.stream(lowest_start, lowest_size, [&writer](ByteView piece) { writer.update(piece); });
    if (writer.finish() != manifest.root_hash || !intact)
        throw not_what_was_written(verity, "hash tree");
}

} // namespace

std::uint64_t derive_tree(const Region& root, const Region& verity, const Manifest& manifest,
                          const ProgressObserver& step) {
    const VerityParameters parameters{manifest.salt, manifest.verity_uuid};
    Bytes superblock;
    std::uint64_t written = 0;
    { // its buffers are gone before the proof has its own
        SlotWriter tree(verity, tree_buffer_size);
        VerityWriter writer(parameters, manifest.root_size,
                            [&](std::uint64_t offset, ByteView block) {
                                if (offset == 0)
                                    superblock.assign(block.begin(), block.end());
                                tree.put(offset, block);
                            });
        DirectReader reader(root);
        std::uint64_t done = 0;
        reader.stream(0, manifest.root_size, [&](ByteView piece) {
            writer.update(piece);
            step(done += piece.size(), manifest.root_size);
        });
        if (writer.finish() != manifest.root_hash)
            throw not_what_was_written(root, "release");
        tree.finish();
        written = tree.written();
    }
    check_tree(verity, parameters, manifest, superblock);
    return written;
}

bool is_index_of(const StoredIndexHeader& stored, const Manifest& manifest, SlotIndexState state) {
    return stored.state == state && stored.root_hash == manifest.root_hash &&
           stored.data_size == manifest.root_size && stored.index_digest == manifest.index_sha256 &&
           is_intact(stored);
}

void check_stored_index(const Region& verity, const Manifest& manifest) {
    drop_cached(verity);
    const auto stored = read_slot_index_header(verity);
    if (!stored || !is_index_of(*stored, manifest, SlotIndexState::complete))
        throw not_what_was_written(verity, "index");
}

} // namespace quoin
