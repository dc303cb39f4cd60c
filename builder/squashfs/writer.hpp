// SPDX-License-Identifier: Apache-2.0
// Squashfs in one pass: files' contents as they come, then inodes, directories and tables. The same
// input gives the same bytes, whatever the number of workers.
#pragma once

#include "builder/cache/block_cache.hpp"
#include "builder/entry.hpp"
#include "builder/squashfs/image_stream.hpp"
#include "builder/tree/tree.hpp"

#include <map>
#include <memory>
#include <string>

namespace quoin {

struct SquashfsOptions {
    std::uint32_t block_size = 128 << 10;
    int compression_level = 15;
    unsigned workers = 0; ///< compressing threads; 0: one a processor
    BlockCache* cache = nullptr;
};

/// Order: any number of `add_file`, then `finish` once.
class SquashfsWriter {
  public:
    SquashfsWriter(ImageStream& stream, const SquashfsOptions& options);
    ~SquashfsWriter();
    SquashfsWriter(const SquashfsWriter&) = delete;
    SquashfsWriter& operator=(const SquashfsWriter&) = delete;

    /// Compresses a file's content in the background and writes it in the order of calls; the
    /// number by which its inode refers to it. `path` is for messages and for choosing fragment
    /// boundaries. Throws Error(refused) when `content` does not yield exactly `size` bytes, or
    /// when all files together have too many blocks.
    [[nodiscard]] std::uint32_t add_file(const std::string& path, std::uint64_t size,
                                         const ContentReader& content);

    /// Writes inodes, directories and tables of the tree, and completes the stream. Every file in
    /// it must have its content. `time` becomes the time of the file system.
    void finish(RootTree& tree, std::uint32_t time);

    /// Extended attributes that squashfs cannot store (outside user., trusted. and security.),
    /// which were left out: by their names, the first path that has each.
    [[nodiscard]] const std::map<std::string, std::string>& lost_attributes() const {
        return lost_attributes_;
    }

  private:
    struct State;
    std::unique_ptr<State> state_;
    std::map<std::string, std::string> lost_attributes_;
};

} // namespace quoin
