// SPDX-License-Identifier: Apache-2.0
// When a directory gives way to a symbolic link of a lower layer: its children go to where the link
// leads, and meet what is there already. Of two names the higher layer's stays.
#include "builder/tree/placing.hpp"
#include "builder/tree/tree.hpp"

#include <algorithm>

namespace quoin {

void RootTree::hand_over(std::unique_ptr<Node> directory, Node& link) {
    if (directory->children.empty())
        return;
    Node* target = resolve(path_of(link), true, Missing::create, false);
    if (!target->is_directory())
        throw cannot_place(path_of(link) + "/" + directory->children.begin()->first,
                           "the symbolic link '" + printable(path_of(link)) +
                               "' does not lead to a directory");
    merge(*directory, *target);
}

void RootTree::merge(Node& from, Node& into) {
    for (auto& [name, moving] : from.children) {
        auto& place = into.children[name];
        if (!place || !place->inode) {
            place = std::move(moving);
            place->parent = &into;
        } else if (moving->is_directory() && place->is_directory()) {
            if (moving->claim > place->claim ||
                (moving->claim == place->claim && moving->layer < place->layer)) {
                place->inode = moving->inode;
                place->claim = moving->claim;
                place->layer = moving->layer;
            }
            place->opaque_layer = std::min(place->opaque_layer, moving->opaque_layer);
            place->yields_to_link = place->yields_to_link && moving->yields_to_link;
            merge(*moving, *place);
        } else if (moving->yields_to_link && moving->is_directory() && place->is_symlink()) {
            hand_over(std::move(moving), *place);
        } else if (moving->layer < place->layer) {
            place = std::move(moving);
            place->parent = &into;
        }
    }
}

} // namespace quoin
