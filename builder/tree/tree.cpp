// SPDX-License-Identifier: Apache-2.0
#include "builder/tree/tree.hpp"

#include "builder/tree/placing.hpp"

#include <algorithm>

namespace quoin {

namespace {

constexpr unsigned most_links = 40; // as Linux (MAXSYMLINKS)

std::deque<std::string> components_of(std::string_view path) {
    std::deque<std::string> components;
    for (std::size_t start = 0; start < path.size();) {
        const std::size_t end = std::min(path.find('/', start), path.size());
        if (end > start && path.compare(start, end - start, ".") != 0)
            components.emplace_back(path.substr(start, end - start));
        start = end + 1;
    }
    return components;
}

std::string directory_part(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "" : path.substr(0, slash);
}

std::string last_part(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

Node* child_of(const Node& directory, std::string_view name) {
    auto& children = directory.directory->children;
    const auto found = children.find(name);
    return found == children.end() ? nullptr : &found->second;
}

Entry implied_directory() {
    Entry entry;
    entry.type = EntryType::directory;
    entry.mode = 0755;
    return entry;
}

} // namespace

RootTree::RootTree() {
    root_.inode = &make_inode();
    describe(*root_.inode, implied_directory());
    root_.inode->generated = true;
    root_.directory = std::make_unique<Directory>(&memory_);
    root_.directory->claim = Claim::implied;
}

Inode& RootTree::make_inode() {
    return inodes_.emplace_back();
}

void RootTree::describe(Inode& inode, const Entry& entry) {
    inode.type = entry.type;
    inode.mode = static_cast<std::uint16_t>(entry.mode & 07777U);
    inode.uid = entry.uid;
    inode.gid = entry.gid;
    inode.mtime = entry.mtime;
    inode.size = entry.size;
    inode.link_target = texts_.keep(entry.link_target);
    inode.device_major = entry.device_major;
    inode.device_minor = entry.device_minor;
    set_attributes(inode, entry.xattrs);
}

void RootTree::set_attributes(Inode& inode, const Attributes& attributes) {
    inode.attributes = bytes_of(texts_.keep(text_of(pack_attributes(attributes))));
}

void RootTree::begin_layer(LayerRules rules) {
    layer_ += begun_ ? 1 : 0;
    begun_ = true;
    rules_ = rules;
}

Node& RootTree::add_child(Node& parent, const std::string& name, const Entry& entry, Inode* inode) {
    check_depth(parent, 1, entry.path);
    if (name.empty() || name == "." || name == ".." ||
        name.find_first_of(std::string_view("/\0", 2)) != std::string::npos)
        throw cannot_place(entry.path, "'" + printable(name) + "' is not a name for a file");

    Children& children = parent.directory->children;
    children.erase(name);
    const std::string_view kept = texts_.keep(name);
    Node& node = children[kept];
    node.name = kept;
    node.parent = &parent;
    node.layer = layer_;
    node.inode = inode;
    if (inode == nullptr && entry.type != EntryType::whiteout) {
        node.inode = &make_inode();
        describe(*node.inode, entry);
    }
    if (entry.type == EntryType::directory)
        node.directory = std::make_unique<Directory>(&memory_);
    return node;
}

Node* RootTree::resolve(const std::string& path, bool follow_last, Missing missing, bool hide) {
    std::deque<std::string> rest = components_of(path);
    Node* at = &root_;
    unsigned links = 0;
    while (true) {
        if (hide && at->directory->opaque_layer < layer_)
            return nullptr;
        if (rest.empty())
            return at;
        const std::string name = rest.front();
        rest.pop_front();
        if (name == "..") {
            at = at->parent != nullptr ? at->parent : at;
            continue;
        }
        Node* child = child_of(*at, name);
        const bool absent = child == nullptr || child->inode == nullptr;
        if (child != nullptr && absent && hide && child->layer < layer_)
            return nullptr;
        if (absent) {
            if (missing == Missing::fail)
                return nullptr;
            // Where the name was hidden, what lies below stays hidden.
            const unsigned opaque =
                child != nullptr ? child->layer : std::numeric_limits<unsigned>::max();
            Entry entry = implied_directory();
            entry.path = path;
            at = &add_child(*at, name, entry);
            ++implied_;
            at->inode->generated = true;
            at->directory->claim = Claim::implied;
            at->directory->yields_to_link = true;
            at->directory->opaque_layer = opaque;
        } else if (child->is_symlink() && (follow_last || !rest.empty())) {
            if (hide && child->layer < layer_)
                return nullptr;
            if (++links > most_links)
                throw cannot_place(path, "too many levels of symbolic links");
            const std::string_view target = child->inode->link_target;
            const auto more = components_of(target);
            rest.insert(rest.begin(), more.begin(), more.end());
            if (target.starts_with('/'))
                at = &root_;
        } else if (child->is_directory()) {
            at = child;
        } else if (rest.empty()) {
            return child;
        } else if ((hide && child->layer < layer_) || missing == Missing::fail) {
            return nullptr;
        } else {
            throw cannot_place(path, "'" + printable(path_of(*child)) + "' is not a directory");
        }
    }
}

Node* RootTree::insert(const Entry& entry, Inode* inode) {
    if (entry.type == EntryType::opaque) {
        const Node* hidden = resolve(entry.path, true, Missing::create, true);
        if (hidden != nullptr && hidden->is_directory())
            hidden->directory->opaque_layer = std::min(hidden->directory->opaque_layer, layer_);
        else if (hidden != nullptr && hidden->layer == layer_)
            throw cannot_place(entry.path, "it is not a directory");
        return nullptr;
    }
    if (entry.path.empty()) {
        if (entry.type != EntryType::directory)
            throw cannot_place("/", "it must be a directory");
        return meet_directory(root_, entry);
    }
    Node* parent = resolve(directory_part(entry.path), true, Missing::create, true);
    if (parent == nullptr)
        return nullptr;
    if (!parent->is_directory()) {
        if (parent->layer < layer_)
            return nullptr;
        throw cannot_place(entry.path, "'" + printable(path_of(*parent)) + "' is not a directory");
    }

    const std::string name = last_part(entry.path);
    Node* existing = child_of(*parent, name);
    const bool hidden_here = existing != nullptr && existing->inode == nullptr;
    if (hidden_here && existing->layer < layer_)
        return nullptr;
    if (existing != nullptr && !hidden_here) {
        if (existing->is_directory())
            return meet_directory(*existing, entry);
        if (existing->layer == layer_ && entry.type != EntryType::whiteout)
            throw cannot_place(entry.path, "the same layer has it twice");
        return nullptr;
    }

    // Nothing is there, or the same layer hides what lower layers have there.
    Node& node = add_child(*parent, name, entry, inode);
    if (node.is_directory()) {
        node.directory->claim = rules_.soft_directories ? Claim::soft : Claim::firm;
        node.directory->yields_to_link = rules_.follow_root_links;
        if (hidden_here)
            node.directory->opaque_layer = layer_;
    }
    return node.inode != nullptr ? &node : nullptr;
}

Inode* RootTree::find_own(const std::string& path) {
    Node* parent = resolve(directory_part(path), true, Missing::fail, true);
    if (parent == nullptr || !parent->is_directory())
        return nullptr;
    const Node* found = child_of(*parent, last_part(path));
    return found != nullptr && found->layer == layer_ && !found->is_directory() ? found->inode
                                                                                : nullptr;
}

Node* RootTree::meet_directory(Node& existing, const Entry& entry) {
    Directory& directory = *existing.directory;
    if (directory.opaque_layer < layer_)
        return nullptr;
    if (entry.type == EntryType::directory) {
        const Claim claim = rules_.soft_directories ? Claim::soft : Claim::firm;
        // In one layer the last one counts, as when the archive is unpacked.
        if (claim > directory.claim || (claim == directory.claim && existing.layer == layer_)) {
            describe(*existing.inode, entry);
            existing.inode->generated = false;
            directory.claim = claim;
            existing.layer = layer_;
        }
        directory.yields_to_link = directory.yields_to_link && rules_.follow_root_links;
        return &existing;
    }
    if (entry.type == EntryType::symlink && directory.yields_to_link) {
        Node& parent = *existing.parent;
        auto replaced = parent.directory->children.extract(existing.name);
        Node& link = add_child(parent, std::string(replaced.key()), entry);
        hand_over(replaced.mapped(), link, nullptr);
        return &link;
    }
    if (existing.layer == layer_ && entry.type != EntryType::whiteout)
        throw cannot_place(entry.path, "the same layer has it as a directory too");
    // A higher layer's directory replaces something else, and with it all that lies below that; a
    // whiteout leaves room for what its own layer puts there anew.
    const unsigned last_seen = entry.type == EntryType::whiteout ? layer_ : layer_ - 1;
    directory.opaque_layer = std::min(directory.opaque_layer, last_seen);
    return nullptr;
}

Node& RootTree::put(const Entry& entry) {
    Node* parent = resolve(directory_part(entry.path), true, Missing::create, false);
    const std::string name = last_part(entry.path);
    if (!parent->is_directory())
        throw cannot_place(entry.path, "its parent is not a directory");
    if (const Node* existing = child_of(*parent, name);
        existing != nullptr && existing->is_directory())
        throw cannot_place(entry.path, "there is a directory of this name");
    return add_child(*parent, name, entry);
}

Node* RootTree::find(const std::string& path, bool follow_last) {
    Node* node = resolve(path, follow_last, Missing::fail, false);
    return node != nullptr && node->inode != nullptr ? node : nullptr;
}

Node& RootTree::ensure_directory(const std::string& path, std::uint32_t mode) {
    Node* existing = find(path);
    Node* directory = existing != nullptr ? existing : resolve(path, true, Missing::create, false);
    if (!directory->is_directory())
        throw cannot_place(path, "it exists and is not a directory");
    if (existing == nullptr)
        directory->inode->mode = static_cast<std::uint16_t>(mode);
    return *directory;
}

void RootTree::remove(Node& node) {
    Children& siblings = node.parent->directory->children;
    siblings.erase(siblings.find(node.name));
}

std::string RootTree::path_of(const Node& node) {
    if (node.parent == nullptr)
        return "";
    std::string path = path_of(*node.parent);
    if (!path.empty())
        path += '/';
    return path += node.name;
}

void RootTree::walk(const std::function<void(Node&)>& visit) {
    const std::function<void(Node&)> down = [&](Node& node) {
        visit(node);
        if (!node.is_directory())
            return;
        for (auto& [name, child] : node.directory->children)
            if (child.inode != nullptr)
                down(child);
    };
    down(root_);
}

} // namespace quoin
