// SPDX-License-Identifier: Apache-2.0
// The contents table, and who is to blame for chunks by it.
#include "bundle/causes.hpp"
#include "fuzz_target.hpp"

using namespace quoin;

static constexpr std::uint32_t chunk_count = 7;
static constexpr std::uint32_t chunk_size = 1000;

static void check_contents(ByteView input) {
    const Contents contents = Contents::parse(input, chunk_count);
    // Compression has many spellings, so the table comes back rather than its bytes.
    fuzz::require(Contents::parse(Contents(contents).serialize(), chunk_count).entries ==
                  contents.entries);

    const SlotIndex index{std::vector<Chunk>(chunk_count, Chunk{{}, chunk_size}), {}};
    const Causes causes = find_causes(contents, index, std::vector<bool>(chunk_count, true));
    for (const auto* list : {&causes.packages, &causes.files}) {
        std::uint64_t sum = 0;
        for (const Cause& cause : *list)
            sum += cause.bytes;
        fuzz::require(sum == std::uint64_t{chunk_count} * chunk_size);
    }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run(check_contents, {data, size});
}
