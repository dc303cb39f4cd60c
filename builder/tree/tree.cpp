// SPDX-License-Identifier: Apache-2.0
#include "builder/tree/tree.hpp"

#include "builder/tree/placing.hpp"

#include <algorithm>
#include <deque>

namespace quoin {

namespace {

constexpr unsigned most_links = 40; // as Linux (MAXSYMLINKS)
constexpr unsigned deepest = 1000;  // of a path; Linux's PATH_MAX allows 2048

std::deque<std::string> components_of(const std::string& path) {
    std::deque<std::string> components;
    for (std::size_t start = 0; start < path.size();) {
        const std::size_t end = std::min(path.find('/', start), path.size());
        if (end > start && path.compare(start, end - start, ".") != 0)
            components.push_back(path.substr(start, end - start));
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

Entry implied_directory() {
    Entry entry;
    entry.type = EntryType::directory;
    entry.mode = 0755;
    return entry;
}

} // namespace

RootTree::RootTree() {
    root_.inode = std::make_shared<Inode>();
    root_.inode->entry = implied_directory();
    root_.inode->generated = true;
    root_.claim = Claim::implied;
}

void RootTree::begin_layer(LayerRules rules) {
    layer_ += begun_ ? 1 : 0;
    begun_ = true;
    rules_ = rules;
}

Node& RootTree::add_child(Node& parent, const std::string& name, const Entry& entry) {
    unsigned depth = 0;
    for (const Node* up = &parent; up != nullptr; up = up->parent)
        ++depth;
    if (depth > deepest)
        throw cannot_place(entry.path, "more than 1000 directories deep");
    if (name.empty() || name == "." || name == ".." ||
        name.find_first_of(std::string_view("/\0", 2)) != std::string::npos)
        throw cannot_place(entry.path, "'" + printable(name) + "' is not a name for a file");

    auto node = std::make_unique<Node>();
    node->name = name;
    node->parent = &parent;
    node->inode = std::make_shared<Inode>();
    node->inode->entry = entry;
    node->layer = layer_;
    auto& place = parent.children[name];
    place = std::move(node);
    return *place;
}

Node* RootTree::resolve(const std::string& path, bool follow_last, Missing missing, bool hide) {
    std::deque<std::string> rest = components_of(path);
    Node* at = &root_;
    unsigned links = 0;
    while (true) {
        if (hide && at->opaque_layer < layer_)
            return nullptr;
        if (rest.empty())
            return at;
        const std::string name = rest.front();
        rest.pop_front();
        if (name == "..") {
            at = at->parent != nullptr ? at->parent : at;
            continue;
        }
        const auto found = at->children.find(name);
        Node* child = found == at->children.end() ? nullptr : found->second.get();
        if (child != nullptr && !child->inode && hide && child->layer < layer_)
            return nullptr;
        if (child == nullptr || !child->inode) {
            if (missing == Missing::fail)
                return nullptr;
            // Where the name was hidden, what lies below stays hidden.
            const unsigned opaque =
                child != nullptr ? child->layer : std::numeric_limits<unsigned>::max();
            Entry entry = implied_directory();
            entry.path = path;
            at = &add_child(*at, name, entry);
            at->inode->generated = true;
            at->claim = Claim::implied;
            at->yields_to_link = true;
            at->opaque_layer = opaque;
        } else if (child->is_symlink() && (follow_last || !rest.empty())) {
            if (hide && child->layer < layer_)
                return nullptr;
            if (++links > most_links)
                throw cannot_place(path, "too many levels of symbolic links");
            const std::string& target = child->inode->entry.link_target;
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

Node* RootTree::insert(const Entry& entry, std::shared_ptr<Inode> inode) {
    if (entry.type == EntryType::opaque) {
        if (Node* directory = resolve(entry.path, true, Missing::create, true))
            directory->opaque_layer = std::min(directory->opaque_layer, layer_);
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
    const auto found = parent->children.find(name);
    Node* existing = found == parent->children.end() ? nullptr : found->second.get();
    const bool hidden_here = existing != nullptr && !existing->inode;
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
    Node& node = add_child(*parent, name, entry);
    if (entry.type == EntryType::whiteout)
        node.inode.reset();
    else if (inode)
        node.inode = std::move(inode);
    if (entry.type == EntryType::directory) {
        node.claim = rules_.soft_directories ? Claim::soft : Claim::firm;
        node.yields_to_link = rules_.follow_root_links;
        if (hidden_here)
            node.opaque_layer = layer_;
    }
    return node.inode ? &node : nullptr;
}

Node* RootTree::meet_directory(Node& existing, const Entry& entry) {
    if (existing.opaque_layer < layer_)
        return nullptr;
    if (entry.type == EntryType::directory) {
        const Claim claim = rules_.soft_directories ? Claim::soft : Claim::firm;
        // In one layer the last one counts, as when the archive is unpacked.
        if (claim > existing.claim || (claim == existing.claim && existing.layer == layer_)) {
            existing.inode->entry = entry;
            existing.inode->generated = false;
            existing.claim = claim;
            existing.layer = layer_;
        }
        existing.yields_to_link = existing.yields_to_link && rules_.follow_root_links;
        return &existing;
    }
    if (entry.type == EntryType::symlink && existing.yields_to_link) {
        Node& parent = *existing.parent;
        const std::string name = existing.name;
        auto directory = std::move(parent.children[name]);
        Node& link = add_child(parent, name, entry);
        hand_over(std::move(directory), link);
        return &link;
    }
    if (existing.layer == layer_ && entry.type != EntryType::whiteout)
        throw cannot_place(entry.path, "the same layer has it as a directory too");
    // A higher layer's directory replaces something else, and with it all that lies below that; a
    // whiteout leaves room for what its own layer puts there anew.
    const unsigned last_seen = entry.type == EntryType::whiteout ? layer_ : layer_ - 1;
    existing.opaque_layer = std::min(existing.opaque_layer, last_seen);
    return nullptr;
}

Node& RootTree::put(const Entry& entry) {
    Node* parent = resolve(directory_part(entry.path), true, Missing::create, false);
    const std::string name = last_part(entry.path);
    if (!parent->is_directory())
        throw cannot_place(entry.path, "its parent is not a directory");
    const auto found = parent->children.find(name);
    if (found != parent->children.end() && found->second->is_directory())
        throw cannot_place(entry.path, "there is a directory of this name");
    return add_child(*parent, name, entry);
}

Node* RootTree::find(const std::string& path, bool follow_last) {
    Node* node = resolve(path, follow_last, Missing::fail, false);
    return node != nullptr && node->inode ? node : nullptr;
}

Node& RootTree::ensure_directory(const std::string& path, std::uint32_t mode) {
    Node* existing = find(path);
    Node* directory = existing != nullptr ? existing : resolve(path, true, Missing::create, false);
    if (!directory->is_directory())
        throw cannot_place(path, "it exists and is not a directory");
    if (existing == nullptr)
        directory->inode->entry.mode = mode;
    return *directory;
}

void RootTree::remove(Node& node) {
    node.parent->children.erase(node.name);
}

std::string RootTree::path_of(const Node& node) {
    if (node.parent == nullptr)
        return "";
    const std::string above = path_of(*node.parent);
    return above.empty() ? node.name : above + "/" + node.name;
}

void RootTree::walk(const std::function<void(Node&)>& visit) {
    const std::function<void(Node&)> down = [&](Node& node) {
        visit(node);
        for (auto& [name, child] : node.children)
            if (child->inode)
                down(*child);
    };
    down(root_);
}

} // namespace quoin
