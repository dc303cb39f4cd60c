// SPDX-License-Identifier: Apache-2.0
// The header of the index that a slot keeps: an input is the header and, behind it, what lies
// before it. The header gets its digest here, or no change of it would get further than that.
#include "base/units.hpp"
#include "disk/slot_index.hpp"
#include "disk/verity.hpp"
#include "fuzz_target.hpp"
#include "memory_file.hpp"

using namespace quoin;

static constexpr std::size_t block = 4096;
static constexpr std::size_t partition_size = 8 * block + sizeof(std::uint64_t);
static constexpr std::size_t header_at = 7 * block;
static constexpr std::size_t header_size = 96; // without its digest

static Bytes sealed(ByteView input) {
    Bytes partition(partition_size);
    const ByteView header = input.first(header_size);
    std::ranges::copy(header, partition.begin() + header_at);
    std::ranges::copy(sha256(header).bytes, partition.begin() + header_at + header_size);
    const ByteView index = input.subspan(header_size);
    std::ranges::copy(index.first(std::min(index.size(), block)),
                      partition.begin() + header_at - block);
    return partition;
}

static void check_header(ByteView input) {
    static const fuzz::MemoryFile file;
    if (input.size() < header_size)
        return;
    file.set(sealed(input));
    const Region partition(file.fd(), 0, partition_size, "input");
    const auto header = read_slot_index_header(partition);
    const auto stored = read_slot_index(partition);
    fuzz::require(header || !stored);
    if (!header)
        return;
    fuzz::require(header->data_size > 0 && header->data_size % block == 0);
    fuzz::require(header->index.start() >= verity_area_size(header->data_size));
    fuzz::require(header->index.start() + header->index.size() <= header_at);
    fuzz::require(is_intact(*header) == stored.has_value());

    // Its state changes and nothing else does.
    fuzz::require(write_slot_index_state(partition, SlotIndexState::writing));
    const auto changed = read_slot_index_header(partition);
    fuzz::require(changed && changed->state == SlotIndexState::writing);
    fuzz::require(changed->root_hash == header->root_hash &&
                  changed->data_size == header->data_size &&
                  changed->index_digest == header->index_digest &&
                  changed->index.start() == header->index.start() &&
                  changed->index.size() == header->index.size());
    if (!stored)
        return;
    write_slot_index(partition, stored->state, stored->root_hash, stored->data_size, stored->index);
    const auto again = read_slot_index(partition);
    fuzz::require(again && again->state == stored->state && again->index == stored->index);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run(check_header, {data, size}, {});
}
