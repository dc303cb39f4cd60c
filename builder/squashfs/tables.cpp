// SPDX-License-Identifier: Apache-2.0
// Inodes, directories, fragments, ids and extended attributes: what follows the blocks in a
// squashfs, then the superblock. Everything here is small beside the contents.
#include "base/error.hpp"
#include "base/terminal.hpp"
#include "builder/squashfs/inodes.hpp"
#include "builder/squashfs/table_file.hpp"
#include "builder/squashfs/writer_state.hpp"

#include <sqfs/dir_writer.h>
#include <sqfs/frag_table.h>
#include <sqfs/id_table.h>
#include <sqfs/inode.h>
#include <sqfs/meta_writer.h>
#include <sqfs/xattr_writer.h>

namespace quoin {

namespace {

/// Writes one tree. Inodes are numbered so that the children of a directory follow each other and
/// precede it: a directory's listing needs to know where their inodes lie.
class Tables {
  public:
    Tables(TableFile& file, sqfs_compressor_t* compressor, std::deque<FileContent>& contents,
           std::map<std::string, std::string>& lost_attributes)
        : file_(file), compressor_(compressor), contents_(contents),
          lost_attributes_(lost_attributes), ids_(sqfs_id_table_create(0)),
          attributes_(sqfs_xattr_writer_create(0)),
          inodes_(sqfs_meta_writer_create(&file, compressor, 0)),
          listings_(sqfs_meta_writer_create(&file, compressor, SQFS_META_WRITER_KEEP_IN_MEMORY)),
          directories_(sqfs_dir_writer_create(listings_.get(), 0)) {
        for (const void* object :
             {static_cast<void*>(ids_.get()), static_cast<void*>(attributes_.get()),
              static_cast<void*>(inodes_.get()), static_cast<void*>(directories_.get())})
            check_sqfs(object, "write tables");
    }

    void write_tree(RootTree& tree, sqfs_super_t& super) {
        number_children(tree.root());
        order_.push_back(&tree.root());
        tree.root().inode->number = static_cast<std::uint32_t>(order_.size());

        super.inode_count = static_cast<std::uint32_t>(order_.size());
        super.inode_table_start = file_.size();
        for (const Node* node : order_)
            write_inode(*node);
        super.root_inode_ref = tree.root().inode->reference;
        file_.check(sqfs_meta_writer_flush(inodes_.get()), "write the inode table");
        super.directory_table_start = file_.size();
        file_.check(sqfs_meta_writer_flush(listings_.get()), "write the directory table");
        file_.check(sqfs_meta_write_write_to_file(listings_.get()), "write the directory table");
    }

    void write_fragments(const std::deque<FragmentPlace>& places, sqfs_super_t& super) {
        const Sqfs<sqfs_frag_table_t> table(sqfs_frag_table_create(0));
        check_sqfs(table.get(), "write the fragment table");
        for (const FragmentPlace& place : places)
            check_sqfs(
                sqfs_frag_table_append(table.get(), place.location, place.stored_size, nullptr),
                "write the fragment table");
        file_.check(sqfs_frag_table_write(table.get(), &file_, &super, compressor_),
                    "write the fragment table");
    }

    void write_ids_and_attributes(sqfs_super_t& super) {
        file_.check(sqfs_id_table_write(ids_.get(), &file_, &super, compressor_),
                    "write the table of owners");
        file_.check(sqfs_xattr_writer_flush(attributes_.get(), &file_, &super, compressor_),
                    "write the extended attributes");
    }

  private:
    void number_children(Node& directory) {
        auto& children = directory.directory->children;
        for (auto& [name, child] : children)
            if (child.is_directory())
                number_children(child);
        for (auto& [name, child] : children) {
            if (child.inode == nullptr)
                continue;
            Inode& inode = *child.inode;
            if (inode.names++ == 0) {
                order_.push_back(&child);
                inode.number = static_cast<std::uint32_t>(order_.size());
            }
        }
    }

    void write_inode(const Node& node) {
        Inode& object = *node.inode;
        const std::uint32_t attributes = attributes_of(node);
        const InodeMemory inode = make_inode(node, attributes);
        inode->base.mode = squashfs_mode(object);
        inode->base.mod_time = squashfs_time(object);
        inode->base.inode_number = object.number;
        check_sqfs(sqfs_id_table_id_to_index(ids_.get(), object.uid, &inode->base.uid_idx),
                   "store an owner");
        check_sqfs(sqfs_id_table_id_to_index(ids_.get(), object.gid, &inode->base.gid_idx),
                   "store a group");

        sqfs_u64 block = 0;
        sqfs_u32 offset = 0;
        sqfs_meta_writer_get_position(inodes_.get(), &block, &offset);
        object.reference = block << 16 | offset;
        file_.check(sqfs_meta_writer_write_inode(inodes_.get(), inode.get()), "write an inode");
    }

    InodeMemory make_inode(const Node& node, std::uint32_t attributes) {
        if (node.is_directory())
            return directory_inode(node, attributes);
        const Inode& object = *node.inode;
        if (object.type == EntryType::file && !object.has_content())
            throw Error("cannot write '" + printable(RootTree::path_of(node)) +
                        "': its content was taken out of the root under another name");
        InodeMemory inode = object.type == EntryType::file
                                ? file_inode(object, contents_.at(object.content))
                                : special_inode(node);
        if (attributes != squashfs_none)
            check_sqfs(sqfs_inode_set_xattr_index(inode.get(), attributes), "write an inode");
        return inode;
    }

    InodeMemory directory_inode(const Node& node, std::uint32_t attributes) {
        const auto doing = "write directory '" + printable(RootTree::path_of(node)) + "'";
        std::uint32_t subdirectories = 0;
        check_sqfs(sqfs_dir_writer_begin(directories_.get(), 0), doing);
        for (const auto& [name, child] : node.directory->children) {
            if (child.inode == nullptr)
                continue;
            const Inode& object = *child.inode;
            subdirectories += child.is_directory() ? 1 : 0;
            check_sqfs(sqfs_dir_writer_add_entry(directories_.get(), std::string(name).c_str(),
                                                 object.number, object.reference,
                                                 squashfs_mode(object)),
                       doing);
        }
        file_.check(sqfs_dir_writer_end(directories_.get()), doing);

        // The root has no parent; as mksquashfs does, name a number that no inode has.
        const std::uint32_t parent = node.parent != nullptr
                                         ? node.parent->inode->number
                                         : static_cast<std::uint32_t>(order_.size()) + 1;
        InodeMemory inode(sqfs_dir_writer_create_inode(directories_.get(), 0, attributes, parent));
        check_sqfs(inode.get(), doing);
        const std::uint32_t links = subdirectories + 2; // its name and its "."
        if (inode->base.type == SQFS_INODE_DIR)
            inode->data.dir.nlink = links;
        else
            inode->data.dir_ext.nlink = links;
        return inode;
    }

    std::uint32_t attributes_of(const Node& node) {
        if (node.inode->attributes.empty())
            return squashfs_none;
        const auto doing =
            "store extended attributes of '" + printable(RootTree::path_of(node)) + "'";
        std::uint32_t index = squashfs_none;
        check_sqfs(sqfs_xattr_writer_begin(attributes_.get(), 0), doing);
        for (const auto& [key, value] : unpack_attributes(node.inode->attributes)) {
            if (!key.starts_with("user.") && !key.starts_with("trusted.") &&
                !key.starts_with("security."))
                lost_attributes_.emplace(key, RootTree::path_of(node));
            else
                check_sqfs(sqfs_xattr_writer_add(attributes_.get(), key.c_str(), value.data(),
                                                 value.size()),
                           doing);
        }
        check_sqfs(sqfs_xattr_writer_end(attributes_.get(), &index), doing);
        return index;
    }

    TableFile& file_;
    sqfs_compressor_t* compressor_;
    std::deque<FileContent>& contents_;
    std::map<std::string, std::string>& lost_attributes_;
    Sqfs<sqfs_id_table_t> ids_;
    Sqfs<sqfs_xattr_writer_t> attributes_;
    Sqfs<sqfs_meta_writer_t> inodes_;
    Sqfs<sqfs_meta_writer_t> listings_;
    Sqfs<sqfs_dir_writer_t> directories_;
    std::deque<const Node*> order_;
};

} // namespace

void SquashfsWriter::finish(RootTree& tree, std::uint32_t time) {
    State& s = *state_;
    s.fragments.finish();
    s.check(sqfs_block_processor_finish(s.processor.get()), "write the last blocks");

    sqfs_super_t super;
    check_sqfs(sqfs_super_init(&super, s.options.block_size, time, SQFS_COMP_ZSTD),
               "write the superblock");
    super.flags = static_cast<sqfs_u16>(super.flags & ~SQFS_FLAG_NO_DUPLICATES);
    if (s.options.compression_level != squashfs_default_zstd_level)
        super.flags = static_cast<sqfs_u16>(super.flags | SQFS_FLAG_COMPRESSOR_OPTIONS);

    TableFile file(s.stream);
    Tables tables(file, s.compressor.get(), s.files, lost_attributes_);
    tables.write_tree(tree, super);
    tables.write_fragments(s.places, super);
    tables.write_ids_and_attributes(super);
    super.bytes_used = file.size();
    file.check(sqfs_super_write(&super, &file), "write the superblock");
    s.stream.finish(file.superblock());
}

} // namespace quoin
