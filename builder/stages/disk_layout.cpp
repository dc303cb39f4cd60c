// SPDX-License-Identifier: Apache-2.0
// Sizes come from two promises: two more releases fit without repartitioning, and the whole disk is
// at most 4 × root + 400 MiB by default.
#include "builder/stages/disk_layout.hpp"

#include "base/units.hpp"
#include "disk/verity.hpp"

#include <algorithm>

namespace quoin {
namespace {

constexpr std::uint64_t alignment = MiB;
constexpr std::uint64_t default_data_size = 64 * MiB;
constexpr std::uint64_t least_headroom = 32 * MiB;

/// What the index of a full slot may take: a later release may be cut into smaller chunks than this
/// one, down to one record of 24 bytes for every 4 KiB, and twice what this one takes.
std::uint64_t index_room(std::uint64_t slot_size, std::uint64_t index_size) {
    constexpr std::uint64_t record_size = 24;
    constexpr std::uint64_t header_size = 4096;
    return header_size +
           std::max(slot_size / verity_block_size * record_size, 2 * round_up(index_size, 4096));
}

std::uint64_t slot_size(const Recipe& recipe, std::uint64_t root_size) {
    if (recipe.root_size == 0)
        return round_up(std::max(root_size + root_size / 2, root_size + least_headroom), alignment);
    if (recipe.root_size < root_size)
        throw recipe.places.mistake("disk.root_size", "",
                                    "'root_size' is " + format_size(recipe.root_size) +
                                        ", but the root takes " + format_size(root_size));
    return round_up(recipe.root_size, alignment);
}

} // namespace

Extent esp_extent(const Recipe& recipe) {
    const auto default_size = recipe.sector_size == 512 ? 256 * MiB : 272 * MiB;
    const auto size = recipe.esp_size == 0 ? default_size : recipe.esp_size;
    return {alignment, round_up(size, alignment)};
}

DiskLayout lay_out_disk(const Recipe& recipe, std::uint64_t root_size, std::uint64_t index_size) {
    const auto slot = slot_size(recipe, root_size);
    const auto verity = round_up(verity_area_size(slot) + index_room(slot, index_size), alignment);
    const auto data =
        round_up(recipe.data_size == 0 ? default_data_size : recipe.data_size, alignment);
    DiskLayout layout;
    layout.esp = esp_extent(recipe);
    layout.root_a = {layout.esp.end(), slot};
    layout.verity_a = {layout.root_a.end(), verity};
    layout.root_b = {layout.verity_a.end(), slot};
    layout.verity_b = {layout.root_b.end(), verity};
    layout.data = {layout.verity_b.end(), data};
    layout.disk_size = layout.data.end() + alignment; // room for the backup table
    return layout;
}

std::string image_name(const Recipe& recipe) {
    return recipe.id + "_" + recipe.version;
}

std::vector<Partition> image_partitions(const Recipe& recipe, const DiskLayout& layout,
                                        const Digest& root_hash) {
    const auto types = partition_types(recipe.architecture);
    const auto name = image_name(recipe);
    // Derived from the root hash, so that a stick with one release and a disk with another differ.
    const auto derived = [&](std::string_view purpose) {
        return derived_uuid(purpose, root_hash.hex());
    };
    constexpr auto empty_slot = gpt_read_only | gpt_no_auto;
    std::vector<Partition> partitions = {
        {0, esp_type(), derived("esp"), "esp", 0, layout.esp.start, layout.esp.size},
        {0, types.root, data_partition_uuid(root_hash), name, gpt_read_only, layout.root_a.start,
         layout.root_a.size},
        {0, types.root_verity, verity_partition_uuid(root_hash), name + "_verity", gpt_read_only,
         layout.verity_a.start, layout.verity_a.size},
        {0, types.root, derived("empty root"), "_empty", empty_slot, layout.root_b.start,
         layout.root_b.size},
        {0, types.root_verity, derived("empty verity"), "_empty", empty_slot, layout.verity_b.start,
         layout.verity_b.size},
        {0, linux_generic_type(), derived("data"), "data", gpt_grow_file_system, layout.data.start,
         layout.data.size},
    };
    unsigned number = 0;
    for (auto& partition : partitions)
        partition.number = ++number;
    return partitions;
}

} // namespace quoin
