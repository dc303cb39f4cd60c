// SPDX-License-Identifier: Apache-2.0
#include "builder/stages/generations.hpp"
#include "bundle/layout.hpp"
#include "support/catch.hpp"

#include <limits>
#include <string_view>

namespace quoin {
namespace {

/// One chunk a letter.
SlotIndex index_of(std::string_view root, std::string_view uki) {
    const auto chunks = [](std::string_view letters, ChunkKind kind) {
        std::vector<Chunk> made;
        for (const char letter : letters)
            made.push_back({{static_cast<std::uint8_t>(letter)}, 100, kind, 0});
        return made;
    };
    return {chunks(root, ChunkKind::data), chunks(uki, ChunkKind::uki)};
}

/// The letters in the order of the bundle's data.
std::string data_order(const SlotIndex& index) {
    std::string letters;
    for (const PlacedChunk& placed : place_chunks(index))
        letters += static_cast<char>(placed.chunk.hash[0]);
    return letters;
}

} // namespace

TEST_CASE("what a node lacks of a release is one range, from whichever release it comes") {
    const SlotIndex first = index_of("abcdef", "xy");
    SlotIndex second = index_of("abCdef", "Xy");
    follow_previous(second, first);
    CHECK(data_order(second) == "XyCabdef");

    SlotIndex third = index_of("AbCdeF", "Xz");
    follow_previous(third, second);
    // From the second: z A F. From the first: X and C, too.
    CHECK(data_order(third) == "XzAFCbde");
}

TEST_CASE("what left a release and came back is new again") {
    SlotIndex second = index_of("b", "x");
    follow_previous(second, index_of("ab", "x"));
    SlotIndex third = index_of("ab", "x");
    follow_previous(third, second);
    CHECK(third.root[0].generation == 0);
    CHECK(third.root[1].generation == 2);
}

TEST_CASE("the oldest generation does not wrap around") {
    SlotIndex previous = index_of("a", "x");
    previous.root[0].generation = std::numeric_limits<std::uint16_t>::max();
    SlotIndex next = index_of("a", "x");
    follow_previous(next, previous);
    CHECK(next.root[0].generation == std::numeric_limits<std::uint16_t>::max());
}

} // namespace quoin
