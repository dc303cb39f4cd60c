// SPDX-License-Identifier: Apache-2.0
// The root's directory tree while it is put together from layers, the topmost read first: the first
// layer to define a path wins, so that nothing which a higher layer replaces is ever written.
#pragma once

#include "builder/text_store.hpp"
#include "builder/tree/attributes.hpp"
#include "builder/tree/inode.hpp"

#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <memory_resource>

namespace quoin {

/// How firmly a directory was declared.
enum class Claim : std::uint8_t {
    implied, ///< only the paths of others need it
    soft,    ///< its metadata counts unless another layer declares it
    firm,
};

struct Directory;

/// A name in the tree. What it points to lives as long as the tree.
struct Node {
    std::string_view name;
    Node* parent = nullptr;
    Inode* inode = nullptr;               ///< null: the name is hidden (an OCI whiteout)
    std::unique_ptr<Directory> directory; ///< what only a directory has; of others null
    unsigned layer = 0;                   ///< that defined it

    [[nodiscard]] bool is_directory() const { return directory != nullptr; }
    [[nodiscard]] bool is_symlink() const {
        return inode != nullptr && inode->type == EntryType::symlink;
    }
};

/// By name; a node's name is its key.
using Children = std::pmr::map<std::string_view, Node>;

struct Directory {
    explicit Directory(std::pmr::memory_resource* memory) : children(memory) {}

    Children children;
    /// Layers below (numbers above) this one contribute nothing to the directory.
    unsigned opaque_layer = std::numeric_limits<unsigned>::max();
    Claim claim = Claim::firm;
    bool yields_to_link = false; ///< a lower layer's symlink may replace it
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
    Node* insert(const Entry& entry, Inode* inode = nullptr);

    /// The object, other than a directory, that the current layer has put at a path; null when
    /// there is none or a higher layer hides it.
    [[nodiscard]] Inode* find_own(const std::string& path);

    /// An object without a name so far.
    [[nodiscard]] Inode& make_inode();

    /// Gives an object the entry's metadata.
    void describe(Inode& inode, const Entry& entry);

    /// An object's extended attributes become these.
    void set_attributes(Inode& inode, const Attributes& attributes);

    /// How many directories were made so far because the paths of others or links lead through
    /// them, those included that got an entry of their own later.
    [[nodiscard]] std::uint64_t implied_directories() const { return implied_; }

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
    Node& add_child(Node& parent, const std::string& name, const Entry& entry,
                    Inode* inode = nullptr);
    Node* meet_directory(Node& existing, const Entry& entry);
    struct Way;
    void hand_over(Node& directory, Node& link, const Way* outer);
    void merge(Node& from, Node& into, const Way* outer);

    // Nothing of it is given back before the tree goes: what replaces something is rare.
    TextStore texts_;
    std::pmr::monotonic_buffer_resource memory_; ///< of what is in directories
    std::deque<Inode> inodes_;
    Node root_; // after what it points to
    std::uint64_t implied_ = 0;
    unsigned layer_ = 0;
    bool begun_ = false;
    LayerRules rules_;
};

} // namespace quoin
