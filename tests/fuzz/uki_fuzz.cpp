// SPDX-License-Identifier: Apache-2.0
// A boot image: PE headers that point into the file, and the chunks that it is cut into.
#include "disk/slot_index.hpp"
#include "disk/uki.hpp"
#include "fuzz_target.hpp"

using namespace quoin;

static void check_uki(ByteView input) {
    for (const UkiSectionPlace& section : uki_sections(input)) {
        fuzz::require(section.offset <= input.size());
        fuzz::require(section.size <= input.size() - section.offset);
    }
    std::uint64_t size = 0;
    for (const Chunk& chunk : index_uki(input)) {
        fuzz::require(chunk.size > 0 && chunk.size <= max_chunk_size);
        size += chunk.size;
    }
    fuzz::require(size == input.size());
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run(check_uki, {data, size});
}
