// SPDX-License-Identifier: Apache-2.0
// A finished squashfs, read through libsquashfs. It may come from anywhere: libsquashfs checks the
// structure; depths and sizes are bounded here. Damage is Error(refused).
#pragma once

#include "base/region.hpp"
#include "builder/squashfs/file_place.hpp"
#include "builder/squashfs/sqfs.hpp"

#include <functional>
#include <map>
#include <sqfs/compressor.h>
#include <sqfs/data_reader.h>
#include <sqfs/dir_reader.h>
#include <sqfs/frag_table.h>
#include <sqfs/id_table.h>
#include <sqfs/inode.h>
#include <sqfs/io.h>
#include <sqfs/super.h>
#include <sqfs/xattr_reader.h>
#include <string>
#include <utility>
#include <vector>

namespace quoin {

using InodePointer = SqfsMemory<sqfs_inode_generic_t>;

class SquashfsReader {
  public:
    /// Borrows the window's descriptor.
    explicit SquashfsReader(const Region& window);
    SquashfsReader(const SquashfsReader&) = delete;
    SquashfsReader& operator=(const SquashfsReader&) = delete;

    [[nodiscard]] InodePointer root() const;
    /// A name in a directory; null when it is not there.
    [[nodiscard]] InodePointer child(const sqfs_inode_generic_t& directory,
                                     const std::string& name) const;
    /// Calls `use` for every name in a directory with its inode, sorted; `use` reads no other
    /// directory. Names that are none, unsorted ones and those given twice are damage.
    void each_entry(const sqfs_inode_generic_t& directory,
                    const std::function<void(std::string name, InodePointer inode)>& use) const;
    /// The same, all at once.
    [[nodiscard]] std::vector<std::pair<std::string, InodePointer>>
    entries(const sqfs_inode_generic_t& directory) const;

    [[nodiscard]] std::uint64_t size_of(const sqfs_inode_generic_t& file) const;
    /// A whole file, piece by piece.
    void stream(const sqfs_inode_generic_t& file, const std::function<void(ByteView)>& use) const;
    /// Reads the tail, not the blocks.
    [[nodiscard]] FilePlace place_of(const sqfs_inode_generic_t& file) const;
    [[nodiscard]] std::uint32_t owner(std::uint16_t index) const;
    [[nodiscard]] std::map<std::string, Bytes>
    attributes_of(const sqfs_inode_generic_t& inode) const;

  private:
    struct File : sqfs_file_t {
        explicit File(const Region& image);
        Region window;
    };
    File file_;
    sqfs_super_t super_{};
    Sqfs<sqfs_compressor_t> compressor_;
    Sqfs<sqfs_id_table_t> ids_;
    Sqfs<sqfs_xattr_reader_t> attributes_;
    Sqfs<sqfs_dir_reader_t> directories_;
    Sqfs<sqfs_data_reader_t> data_;
    Sqfs<sqfs_frag_table_t> fragments_;
};

[[nodiscard]] bool is_directory(const sqfs_inode_generic_t& inode);
[[nodiscard]] bool is_symlink(const sqfs_inode_generic_t& inode);
[[nodiscard]] bool is_file(const sqfs_inode_generic_t& inode);
/// As in ls: - d l b c p s
[[nodiscard]] char type_letter(const sqfs_inode_generic_t& inode);
[[nodiscard]] std::string link_target(const sqfs_inode_generic_t& symlink);

} // namespace quoin
