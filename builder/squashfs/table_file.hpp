// SPDX-License-Identifier: Apache-2.0
// The image stream as libsquashfs sees a file when it writes tables.
#pragma once

#include "builder/squashfs/image_stream.hpp"
#include "builder/squashfs/sqfs.hpp"

#include <exception>
#include <sqfs/io.h>
#include <string_view>

namespace quoin {

/// Accepts appended pieces, and one write at position 0: the superblock, which is kept for
/// `ImageStream::finish`.
class TableFile : public sqfs_file_t {
  public:
    explicit TableFile(ImageStream& stream);
    TableFile(const TableFile&) = delete;
    TableFile& operator=(const TableFile&) = delete;

    /// Throws for a negative result, with the cause when a callback failed.
    void check(int result, std::string_view doing) const;

    [[nodiscard]] std::uint64_t size() const { return stream_.size(); }
    [[nodiscard]] const Bytes& superblock() const { return superblock_; }

  private:
    template <typename Body>
    int guarded(Body&& body) noexcept;

    ImageStream& stream_;
    Bytes superblock_;
    std::exception_ptr failure_;
};

} // namespace quoin
