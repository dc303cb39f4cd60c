// SPDX-License-Identifier: Apache-2.0
// The root's directory tree while it is put together from layers, the topmost read first: the first
// layer to define a path wins, so that nothing which a higher layer replaces is ever written.
#pragma once

#include "builder/entry.hpp"

#include <functional>
#include <limits>
#include <memory>
#include <optional>

namespace quoin {

/// One file-system object; hard links share it.
struct Inode {
    Entry entry;                        ///< its path is that of the first name in its layer
    bool generated = false;             ///< made by Quoin: gets the image's time
    std::optional<std::size_t> content; ///< of a file: its number in the squashfs writer
    std::optional<Bytes> held;          ///< of a file: content kept in memory until the end
};

/// How firmly a directory was declared.
enum class Claim {
    implied, ///< only the paths of others need it
    soft,    ///< its metadata counts unless another layer declares it
    firm,
};

/// A name in the tree.
struct Node {
    std::string name;
    Node* parent = nullptr;
    std::shared_ptr<Inode> inode; ///< none: the name is hidden (an OCI whiteout)
    std::map<std::string, std::unique_ptr<Node>> children;

    unsigned layer = 0; ///< that defined it
    Claim claim = Claim::firm;
    bool yields_to_link = false; ///< a directory that a lower layer's symlink may replace
    /// Layers below (numbers above) this one contribute nothing to the directory.
    unsigned opaque_layer = std::numeric_limits<unsigned>::max();

    [[nodiscard]] bool is_directory() const {
        return inode && inode->entry.type == EntryType::directory;
    }
    [[nodiscard]] bool is_symlink() const {
        return inode && inode->entry.type == EntryType::symlink;
    }
};

/// What distinguishes a recipe's overlay from the root it is laid over.
struct LayerRules {
    bool soft_directories = false; ///< directories' metadata yields to other layers'
    bool follow_root_links =
        false; ///< "lib/x" goes to "usr/lib/x" where the root has lib -> usr/lib
};

/// Every path is resolved inside the tree, symbolic links included: nothing escapes the root.
class RootTree {
  public:
    RootTree();
    RootTree(const RootTree&) = delete;
    RootTree& operator=(const RootTree&) = delete;

    /// Layers are begun from the topmost to the lowest.
    void begin_layer(LayerRules rules);
    /// The number of the layer begun last; 0 is the topmost.
    [[nodiscard]] unsigned layer() const { return layer_; }

    /// Adds an entry of the current layer. Nothing when a higher layer hides it; a directory that
    /// exists already is returned as it then is. `inode` is the object of a hard link, otherwise a
    /// new one is made. Throws Error(refused) when the layer has the path twice (directories apart)
    /// or puts it below something that is no directory.
    Node* insert(const Entry& entry, std::shared_ptr<Inode> inode = nullptr);

    /// Puts an entry into the finished tree, replacing a non-directory. Missing parents are made.
    Node& put(const Entry& entry);

    /// The node at a path, symlinks followed within the tree (the last one only if asked).
    [[nodiscard]] Node* find(const std::string& path, bool follow_last = true);

    /// The directory at a path, made with `mode` when there is nothing.
    Node& ensure_directory(const std::string& path, std::uint32_t mode = 0755);

    static void remove(Node& node);

    /// Path from the root, "" for the root itself.
    [[nodiscard]] static std::string path_of(const Node& node);

    [[nodiscard]] Node& root() { return root_; }

    /// Every visible node, parents first, names in byte order.
    void walk(const std::function<void(Node&)>& visit);

  private:
    enum class Missing { fail, create };
    Node* resolve(const std::string& path, bool follow_last, Missing missing, bool hide);
    Node& add_child(Node& parent, const std::string& name, const Entry& entry);
    Node* meet_directory(Node& existing, const Entry& entry);
    void hand_over(std::unique_ptr<Node> directory, Node& link);
    void merge(Node& from, Node& into);

    Node root_;
    unsigned layer_ = 0;
    bool begun_ = false;
    LayerRules rules_;
};

} // namespace quoin
