// SPDX-License-Identifier: Apache-2.0
#include "agent/steps/boot_image_verify.hpp"

#include "agent/steps/direct_read.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "disk/slot_index.hpp"

#include <fcntl.h>

namespace quoin {

namespace {

/// The parts of the slot's boot image; nothing without an intact index of the slot's own release.
std::optional<std::vector<Chunk>> parts_of(const Node& node, const Slot& slot) {
    const auto stored = read_slot_index_header(node.verity_region(slot));
    if (!stored || stored->root_hash != slot.root_hash)
        return std::nullopt;
    std::vector<Chunk> parts;
    const auto keep = [&parts](const Chunk& chunk, bool in_uki, std::uint64_t) {
        if (in_uki)
            parts.push_back(chunk);
    };
    if (!walk_index(*stored, keep))
        return std::nullopt;
    return parts;
}

bool holds_all(const Region& file, const std::vector<Chunk>& parts) {
    Bytes content;
    std::uint64_t offset = 0;
    for (const Chunk& part : parts) {
        content.resize(part.size);
        file.read(content, offset);
        if (chunk_hash(content) != part.hash)
            return false;
        offset += part.size;
    }
    return true;
}

} // namespace

std::optional<std::string> boot_image_damage(const Node& node, const BootLoader& loader,
                                             const ObservedSlot& observed) {
    if (!observed.listed())
        return "no boot image starts it";
    try {
        const auto parts = parts_of(node, observed.slot);
        if (!parts) {
            if (!observed.entry->root_hash)
                return "its boot image does not say which root it starts";
            return std::nullopt;
        }
        const std::string path = loader.path_of(observed.entry->name);
        const UniqueFd fd = open_file(path, O_RDONLY);
        const Region file(fd, 0, size_of(fd, path), path);
        if (file.size() != total_size(*parts))
            return "its boot image has another size";
        drop_cached(file);
        if (!holds_all(file, *parts))
            return "its boot image is not what was installed";
    } catch (const Error& problem) {
        return problem.what();
    }
    return std::nullopt;
}

} // namespace quoin
