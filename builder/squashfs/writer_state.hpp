// SPDX-License-Identifier: Apache-2.0
// What the two halves of the squashfs writer share: contents (writer.cpp) and tables
// (tables.cpp).
#pragma once

#include "builder/squashfs/block_writer.hpp"
#include "builder/squashfs/fragment_packer.hpp"
#include "builder/squashfs/sqfs.hpp"
#include "builder/squashfs/writer.hpp"
#include "builder/squashfs/zstd_compressor.hpp"

#include <deque>
#include <optional>
#include <sqfs/block.h>
#include <sqfs/block_processor.h>
#include <sqfs/super.h>

namespace quoin {

/// A file's content in the image.
struct FileContent {
    FileContent() = default;
    FileContent(const FileContent&) = delete;
    FileContent& operator=(const FileContent&) = delete;
    ~FileContent() { sqfs_free(inode); }

    /// Sizes and place of its whole blocks; null when it has none. libsquashfs keeps the address of
    /// this pointer until the processor is finished, and moves the inode as the file grows.
    sqfs_inode_generic_t* inode = nullptr;
    std::optional<FragmentSlot> tail;
};

struct SquashfsWriter::State {
    State(ImageStream& image, const SquashfsOptions& chosen);

    /// Throws for a negative result, with the cause when the block writer knows it.
    void check(int result, std::string_view doing) const;

    ImageStream& stream;
    SquashfsOptions options;
    Sqfs<sqfs_compressor_t> compressor;
    BlockWriter block_writer;
    std::deque<FileContent> files;    // a deque: addresses stay
    std::deque<FragmentPlace> places; // of the fragment blocks, by their index
    FragmentPacker fragments;
    std::uint64_t blocks = 0;               // of all files
    Bytes block;                            // a file's block that is being filled
    Sqfs<sqfs_block_processor_t> processor; // last: its threads use the above
};

} // namespace quoin
