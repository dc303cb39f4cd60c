// SPDX-License-Identifier: Apache-2.0
#include "builder/stages/generations.hpp"

#include <limits>
#include <map>
#include <string_view>

namespace quoin {

namespace {

std::uint16_t one_older(std::uint16_t generation) {
    return generation < std::numeric_limits<std::uint16_t>::max()
               ? static_cast<std::uint16_t>(generation + 1)
               : generation;
}

} // namespace

void follow_previous(SlotIndex& index, const SlotIndex& previous) {
    std::map<std::array<std::uint8_t, 16>, std::uint16_t> known;
    for (const auto* chunks : {&previous.root, &previous.uki})
        for (const Chunk& chunk : *chunks)
            known.emplace(chunk.hash, chunk.generation);
    for (auto* chunks : {&index.root, &index.uki})
        for (Chunk& chunk : *chunks) {
            const auto found = known.find(chunk.hash);
            chunk.generation = found == known.end() ? std::uint16_t{0} : one_older(found->second);
        }
}

void follow_previous(Contents& contents, const Contents& previous) {
    std::map<std::string_view, const ContentsEntry*> known;
    for (const ContentsEntry& entry : previous.entries)
        known.emplace(entry.name, &entry);
    for (ContentsEntry& entry : contents.entries) {
        const auto found = known.find(entry.name);
        const bool is_same = found != known.end() && found->second->content == entry.content;
        entry.generation = is_same ? one_older(found->second->generation) : std::uint16_t{0};
    }
}

} // namespace quoin
