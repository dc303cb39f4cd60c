// SPDX-License-Identifier: Apache-2.0
// Layers in, tree and file contents out: decides for every entry whether it gets into the root, is
// kept in memory for later editing, or is taken out.
#pragma once

#include "builder/recipe.hpp"
#include "builder/root/kernel.hpp"
#include "builder/root/limits.hpp"
#include "builder/root/python_bytecode.hpp"
#include "builder/root/removal.hpp"
#include "builder/root_image.hpp"
#include "builder/sources/layers.hpp"
#include "builder/squashfs/writer.hpp"
#include "builder/tree/tree.hpp"

#include <string>
#include <unordered_map>
#include <vector>

namespace quoin {

/// All unit files of a root together, which are held in memory.
constexpr std::uint64_t most_unit_text = 16 * MiB;

/// Memory: one tree node an entry, the kernel, and the few small files that are edited at the end.
class RootAssembly {
  public:
    RootAssembly(const Recipe& recipe, SquashfsWriter& writer);

    /// Quoin's own files: the topmost layer, so to be called first.
    void add_files(const std::vector<AddedFile>& files);

    /// The next lower layer. Reads it a second time when a hard link needs the content of a first
    /// name that was left out.
    void add_layer(const Layer& layer, const ProgressObserver& progress);

    /// Puts a file of Quoin's into the assembled tree, replacing what is there.
    Inode& put_file(const std::string& path, std::uint32_t mode, const std::string& text);

    /// Takes out Python's compiled modules of which the source is not what they were compiled from:
    /// replaced by a higher layer, or missing, without which Python does not load them. To be
    /// called while the files have their own times.
    void remove_stale_bytecode();

    /// Contents that are still in memory go to the squashfs. Nothing can be edited afterwards.
    void write_held_files();

    [[nodiscard]] RootTree& tree() { return tree_; }
    [[nodiscard]] KernelChoice& kernel() { return kernel_; }
    [[nodiscard]] const RemovalPatterns& removals() const { return removals_; }

    /// Content of a unit file; empty when it is none, or too large to be one.
    [[nodiscard]] std::string unit_text(const Inode& inode) const;

  private:
    void receive(const Layer& layer, const Entry& entry, const ContentReader& content);
    void receive_hard_link(const Entry& entry);
    void read_missed(const Layer& layer);
    void store(Node& node, const Entry& entry, const ContentReader& content);
    void write(const std::string& path, Inode& inode, const ContentReader& content);

    SquashfsWriter& writer_;
    RootTree tree_;
    KernelChoice kernel_;
    RemovalPatterns removals_;
    RootCounter counter_{RootLimits{}};
    std::unordered_map<const Inode*, std::string> unit_texts_;
    std::uint64_t unit_texts_left_ = most_unit_text;
    std::unordered_map<std::uint32_t, ModuleSource> module_sources_; ///< by number of content

    // Of the current layer:
    std::unordered_map<std::string, Inode*> missed_; ///< linked to, but left out
};

} // namespace quoin
