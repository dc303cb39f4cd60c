// SPDX-License-Identifier: Apache-2.0
// Superblock, compressor options (when not the default), data and fragment blocks; the tables
// follow in tables.cpp. Format: https://dr-emann.github.io/squashfs/squashfs.html
#include "builder/squashfs/writer.hpp"

#include "base/error.hpp"
#include "base/terminal.hpp"
#include "builder/squashfs/writer_state.hpp"

#include <algorithm>
#include <sqfs/inode.h>
#include <thread>

namespace quoin {

namespace {

/// A metadata block of four bytes, stored uncompressed: zstd's only option is its level.
struct ZstdOptions {
    le16 header;
    le32 level;
};
static_assert(sizeof(ZstdOptions) == 6);
constexpr std::uint16_t stored_metadata = 0x8000;

constexpr std::size_t blocks_in_flight = 10; // of each worker

// Each takes four bytes of its file's block list until the end, also where it is a hole or repeats
// another. As many as the largest root has in blocks of 64 KiB.
constexpr std::uint64_t most_blocks = 1 << 20;

unsigned workers_of(const SquashfsOptions& options) {
    return options.workers != 0 ? options.workers
                                : std::max(1U, std::thread::hardware_concurrency());
}

} // namespace

SquashfsWriter::State::State(ImageStream& image, const SquashfsOptions& chosen)
    : stream(image), options(chosen),
      compressor(create_zstd_compressor(chosen.compression_level, chosen.block_size, chosen.cache)),
      block_writer(image), fragments(chosen.block_size, [this](ByteView fragment) {
          places.emplace_back();
          // Marked by its user pointer; it has no inode and must not be shared with file blocks.
          check(
              sqfs_block_processor_submit_block(processor.get(), &places.back(),
                                                SQFS_BLK_IGNORE_SPARSE | SQFS_BLK_DONT_DEDUPLICATE,
                                                fragment.data(), fragment.size()),
              "write a fragment block");
      }) {
    ZstdOptions written{static_cast<std::uint16_t>(stored_metadata | sizeof(le32)),
                        static_cast<std::uint32_t>(chosen.compression_level)};
    const bool default_level = chosen.compression_level == squashfs_default_zstd_level;
    stream.begin(sizeof(sqfs_super_t), default_level ? ByteView() : view_of(written));

    const unsigned workers = workers_of(chosen);
    processor.reset(sqfs_block_processor_create(chosen.block_size, compressor.get(), workers,
                                                workers * blocks_in_flight, &block_writer,
                                                nullptr));
    check_sqfs(processor.get(), "start compressing");
}

void SquashfsWriter::State::check(int result, std::string_view doing) const {
    if (result < 0)
        block_writer.rethrow_failure();
    check_sqfs(result, doing);
}

SquashfsWriter::SquashfsWriter(ImageStream& stream, const SquashfsOptions& options)
    : state_(std::make_unique<State>(stream, options)) {}

SquashfsWriter::~SquashfsWriter() = default;

std::uint32_t SquashfsWriter::add_file(const std::string& path, std::uint64_t size,
                                       const ContentReader& content) {
    State& s = *state_;
    const auto wrong_size = [&](const char* how) {
        return refused("cannot read '" + printable(path) + "': its content is " + how +
                       " than its size says");
    };
    FileContent& file = s.files.emplace_back();
    Bytes& block = s.block;
    block.resize(s.options.block_size);

    std::uint64_t total = 0;
    std::size_t filled = 0;
    while (const std::size_t count = content(ByteSpan(block).subspan(filled))) {
        filled += count;
        total += count;
        if (total > size)
            throw wrong_size("longer");
        if (filled < block.size())
            continue;
        if (++s.blocks > most_blocks)
            throw refused("cannot use '" + printable(path) + "': with it the root has more than " +
                          std::to_string(most_blocks) +
                          " blocks, holes and repeated ones included; a larger 'block_size' makes "
                          "fewer");
        if (total == filled)
            s.check(sqfs_block_processor_begin_file(s.processor.get(), &file.inode, nullptr,
                                                    SQFS_BLK_DONT_FRAGMENT),
                    "write a file");
        s.check(sqfs_block_processor_append(s.processor.get(), block.data(), block.size()),
                "write '" + printable(path) + "'");
        filled = 0;
    }
    if (total != size)
        throw wrong_size("shorter");
    if (file.inode != nullptr)
        s.check(sqfs_block_processor_end_file(s.processor.get()), "write a file");
    if (filled > 0)
        file.tail = s.fragments.add(path, ByteView(block).first(filled));
    return static_cast<std::uint32_t>(s.files.size() - 1);
}

} // namespace quoin
