// SPDX-License-Identifier: Apache-2.0
// When a directory gives way to a symbolic link of a lower layer: its children go to where the link
// leads, and meet what is there already. Of two names the higher layer's stays.
#include "builder/tree/placing.hpp"
#include "builder/tree/tree.hpp"

#include <algorithm>
#include <iterator>

namespace quoin {

namespace {

/// Levels of what is there, itself included.
unsigned height_of(const Node& node) {
    unsigned below = 0;
    if (node.is_directory())
        for (const auto& [name, child] : node.directory->children)
            below = std::max(below, height_of(child));
    return below + 1;
}

/// Takes out what layers below `hiding` have at and below a name. False when that is all of it.
bool keep_from(Node& node, unsigned hiding) {
    if (!node.is_directory())
        return node.layer <= hiding;
    Directory& directory = *node.directory;
    if (directory.opaque_layer > hiding) {
        directory.opaque_layer = hiding;
        Children& children = directory.children;
        for (auto child = children.begin(); child != children.end();)
            child = keep_from(child->second, hiding) ? std::next(child) : children.erase(child);
    }
    return node.layer <= hiding || !directory.children.empty();
}

/// Layers below this one have nothing in the directory, nor in one that it is in.
unsigned last_seen_in(const Node& directory) {
    unsigned last = std::numeric_limits<unsigned>::max();
    for (const Node* up = &directory; up != nullptr; up = up->parent)
        last = std::min(last, up->directory->opaque_layer);
    return last;
}

} // namespace

/// The links and directories through which something is on its way: they must stay until it is
/// there.
struct RootTree::Way {
    const Node& through;
    const Way* outer;

    [[nodiscard]] bool leads_through(const Node& node) const {
        for (const Way* way = this; way != nullptr; way = way->outer)
            for (const Node* up = &way->through; up != nullptr; up = up->parent)
                if (up == &node)
                    return true;
        return false;
    }
};

void RootTree::hand_over(Node& directory, Node& link, const Way* outer) {
    const Children& children = directory.directory->children;
    if (children.empty())
        return;
    Node* target = resolve(path_of(link), true, Missing::create, false);
    if (!target->is_directory())
        throw cannot_place(path_of(link) + "/" + std::string(children.begin()->first),
                           "the symbolic link '" + printable(path_of(link)) +
                               "' does not lead to a directory");
    const Way way{link, outer};
    merge(directory, *target, &way);
}

void RootTree::merge(Node& from, Node& into, const Way* outer) {
    const Way way{into, outer};
    Children& places = into.directory->children;
    const auto move_into = [&](Children::node_type taken) {
        check_depth(into, height_of(taken.mapped()), path_of(taken.mapped()));
        if (const auto replaced = places.find(taken.key()); replaced != places.end()) {
            if (way.leads_through(replaced->second))
                throw cannot_place(path_of(replaced->second),
                                   "its way there leads through what it replaces");
            places.erase(replaced);
        }
        places.insert(std::move(taken)).position->second.parent = &into;
    };
    const unsigned last_seen = last_seen_in(into);
    Children& leaving = from.directory->children;
    while (!leaving.empty()) {
        auto taken = leaving.extract(leaving.begin());
        Node& moving = taken.mapped();
        const auto found = places.find(taken.key());
        const bool hidden_here = found != places.end() && found->second.inode == nullptr;
        const unsigned hiding = hidden_here ? std::min(found->second.layer, last_seen) : last_seen;
        if (!keep_from(moving, hiding))
            continue;
        if (found == places.end() || hidden_here) {
            move_into(std::move(taken));
            continue;
        }
        Node& place = found->second;
        if (moving.is_directory() && place.is_directory()) {
            Directory& gone = *moving.directory;
            Directory& stays = *place.directory;
            if (gone.claim > stays.claim ||
                (gone.claim == stays.claim && moving.layer < place.layer)) {
                place.inode = moving.inode;
                stays.claim = gone.claim;
                place.layer = moving.layer;
            }
            stays.opaque_layer = std::min(stays.opaque_layer, gone.opaque_layer);
            stays.yields_to_link = stays.yields_to_link && gone.yields_to_link;
            merge(moving, place, &way);
        } else if (moving.is_directory() && moving.directory->yields_to_link &&
                   place.is_symlink()) {
            hand_over(moving, place, &way);
        } else if (moving.layer < place.layer) {
            move_into(std::move(taken));
        }
    }
}

} // namespace quoin
