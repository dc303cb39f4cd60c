// SPDX-License-Identifier: Apache-2.0
// A partition table whose checksums hold: an input is a header and the array behind it, and gets
// its checksums here, or no change of it would get further than those.
#include "disk/crc32.hpp"
#include "disk/gpt.hpp"
#include "disk/gpt_copy.hpp"
#include "fuzz_target.hpp"
#include "memory_file.hpp"

#include <algorithm>

using namespace quoin;

static constexpr std::size_t sector = 512;
static constexpr std::size_t disk_size = 64 * sector;
static constexpr std::size_t array_at = 2 * sector;

static Bytes sealed(ByteView input) {
    Bytes disk(disk_size);
    const ByteView array =
        input.subspan(sizeof(GptHeader))
            .first(std::min(input.size() - sizeof(GptHeader), disk_size - array_at));
    std::copy(array.begin(), array.end(), disk.begin() + array_at);
    auto header = load<GptHeader>(input);
    const std::uint64_t array_size = std::uint64_t{header.entry_count} * header.entry_size;
    if (array_size <= disk_size - array_at)
        header.array_crc = crc32(ByteView(disk).subspan(array_at, array_size));
    if (header.header_size >= sizeof(GptHeader) && header.header_size <= sector) {
        const ByteView unsealed = view_of(header);
        std::copy(unsealed.begin(), unsealed.end(), disk.begin() + sector);
        header.header_crc = header_crc(ByteView(disk).subspan(sector, sector), header);
    }
    const ByteView whole = view_of(header);
    std::copy(whole.begin(), whole.end(), disk.begin() + sector);
    return disk;
}

static void check_table(ByteView input) {
    static const fuzz::MemoryFile file;
    if (input.size() < sizeof(GptHeader))
        return;
    file.set(sealed(input));
    const GptTable table = read_gpt(file.fd(), "input");
    for (const Partition& partition : table.partitions) {
        fuzz::require(partition.size > 0 && partition.size <= disk_size);
        fuzz::require(partition.start <= disk_size - partition.size);
        fuzz::require(utf16_length(partition.label) <= max_label_units);
    }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run(check_table, {data, size});
}
