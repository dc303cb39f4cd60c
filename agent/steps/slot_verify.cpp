// SPDX-License-Identifier: Apache-2.0
// The size of the data is not covered by the root hash, so it is taken from the slot's index header
// or from the verity superblock: a wrong size can only make an intact slot look damaged.
#include "agent/steps/slot_verify.hpp"

#include "agent/steps/direct_read.hpp"
#include "base/error.hpp"
#include "disk/slot_index.hpp"
#include "disk/verity.hpp"

#include <algorithm>

namespace quoin {

namespace {

bool is_plausible(std::uint64_t data_size, const Region& root) {
    return data_size > 0 && data_size % verity_block_size == 0 && data_size <= root.size();
}

std::optional<std::uint64_t> size_of_data(const Region& root, const Region& verity) {
    if (const auto stored = read_slot_index_header(verity);
        stored && is_plausible(stored->data_size, root))
        return stored->data_size;
    Bytes block(verity_block_size);
    verity.read(block, 0);
    const auto superblock = parse_verity_superblock(block);
    if (!superblock || superblock->data_blocks > root.size() / verity_block_size)
        return std::nullopt;
    const std::uint64_t size = superblock->data_blocks * verity_block_size;
    return is_plausible(size, root) ? std::optional(size) : std::nullopt;
}

/// Hashes the data and compares every tree block that it makes with the one on the medium.
std::optional<std::string> compare(const Region& root, const Region& verity,
                                   std::uint64_t data_size, const Slot& slot) {
    DirectReader data(root);
    DirectReader tree(verity);
    Bytes on_medium(verity_block_size);
    bool tree_matches = true;
    const auto parameters = VerityParameters::derived_from(slot.id);
    VerityWriter writer(parameters, data_size, [&](std::uint64_t offset, ByteView block) {
        if (offset == 0) // the superblock: nothing at boot reads it
            return;
        tree.read(on_medium, offset);
        tree_matches = tree_matches &&
                       std::equal(block.begin(), block.end(), on_medium.begin(), on_medium.end());
    });
    data.stream(0, data_size, [&writer](ByteView piece) { writer.update(piece); });
    if (writer.finish() != *slot.root_hash)
        return "its data does not have the root hash of its name";
    if (!tree_matches)
        return "its hash tree does not fit its data";
    return std::nullopt;
}

} // namespace

std::optional<std::string> slot_damage(const Node& node, const Slot& slot) {
    if (slot.empty())
        return "it is empty";
    const Region root = node.root_region(slot);
    const Region verity = node.verity_region(slot);
    try {
        const auto data_size = size_of_data(root, verity);
        if (!data_size)
            return "neither its index nor its superblock says how long it is";
        if (verity_area_size(*data_size) > verity.size())
            return "its hash tree does not fit its partition";
        return compare(root, verity, *data_size, slot);
    } catch (const Error& problem) {
        return problem.what();
    }
}

} // namespace quoin
