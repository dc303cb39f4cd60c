// SPDX-License-Identifier: Apache-2.0
// A slot's index as walked where it lies: the input is the index, its header says that it is
// intact. What is walked is what would be parsed.
#include "disk/slot_index.hpp"
#include "fuzz_target.hpp"
#include "memory_file.hpp"

using namespace quoin;

static bool can_be_parsed(ByteView input) {
    try {
        (void)IndexView(input);
        return true;
    } catch (const Error&) {
        return false;
    }
}

static void check_walk(ByteView input) {
    static const fuzz::MemoryFile file;
    file.set(input);
    StoredIndexHeader header{SlotIndexState::complete,
                             {},
                             4096,
                             sha256(input),
                             Region(file.fd(), 0, input.size(), "input")};
    std::uint64_t root = 0;
    std::uint64_t uki = 0;
    const bool walked =
        walk_index(header, [&](const Chunk& chunk, bool in_uki, std::uint64_t offset) {
            std::uint64_t& place = in_uki ? uki : root;
            fuzz::require(offset == place);
            place += chunk.size;
        });
    fuzz::require(walked == can_be_parsed(input));
    if (!walked)
        return;
    const IndexView view(input);
    fuzz::require(root == view.root_size() && uki == view.uki_size());
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run(check_walk, {data, size});
}
