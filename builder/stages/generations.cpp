// SPDX-License-Identifier: Apache-2.0
#include "builder/stages/generations.hpp"

#include <limits>
#include <map>

namespace quoin {

void follow_previous(SlotIndex& index, const SlotIndex& previous) {
    std::map<std::array<std::uint8_t, 16>, std::uint16_t> known;
    for (const auto* chunks : {&previous.root, &previous.uki})
        for (const Chunk& chunk : *chunks)
            known.emplace(chunk.hash, chunk.generation);
    for (auto* chunks : {&index.root, &index.uki})
        for (Chunk& chunk : *chunks) {
            const auto found = known.find(chunk.hash);
            if (found == known.end())
                chunk.generation = 0;
            else if (found->second < std::numeric_limits<std::uint16_t>::max())
                chunk.generation = static_cast<std::uint16_t>(found->second + 1);
            else
                chunk.generation = found->second;
        }
}

} // namespace quoin
