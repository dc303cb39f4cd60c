// SPDX-License-Identifier: Apache-2.0
#include "builder/root/assembly.hpp"

#include "base/error.hpp"
#include "base/terminal.hpp"
#include "base/units.hpp"

#include <algorithm>
#include <array>

namespace quoin {

namespace {

constexpr std::uint64_t largest_held_file = MiB;
constexpr std::uint64_t largest_unit_file = 64 * KiB;

/// Files that are edited when the tree is complete.
bool is_edited_later(const std::string& path) {
    constexpr std::array<std::string_view, 6> paths{"etc/passwd",     "etc/shadow",
                                                    "etc/group",      "etc/gshadow",
                                                    "etc/os-release", "usr/lib/os-release"};
    return std::find(paths.begin(), paths.end(), path) != paths.end();
}

bool is_unit_file(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash != std::string::npos && path.substr(0, slash).ends_with("/systemd/system");
}

/// What else a layer may have at the path of a first name: other names of it, and what hides the
/// path in lower layers.
bool can_be_linked_to(EntryType type) {
    return type != EntryType::hard_link && type != EntryType::whiteout && type != EntryType::opaque;
}

Entry entry_of(const AddedFile& file) {
    Entry entry;
    entry.path = file.path;
    entry.type = file.link_target.empty() ? EntryType::file : EntryType::symlink;
    entry.mode = file.link_target.empty() ? file.mode : 0777;
    entry.size = file.content.size();
    entry.link_target = file.link_target;
    return entry;
}

} // namespace

RootAssembly::RootAssembly(const Recipe& recipe, SquashfsWriter& writer)
    : writer_(writer), kernel_(recipe.kernel), removals_(recipe.remove) {}

void RootAssembly::add_files(const std::vector<AddedFile>& files) {
    tree_.begin_layer({false, true});
    for (const AddedFile& file : files) {
        const Entry entry = entry_of(file);
        Node* node = tree_.insert(entry);
        node->inode->generated = true;
        if (entry.type == EntryType::file)
            store(*node, entry, read_from(file.content));
    }
}

void RootAssembly::add_layer(const Layer& layer, const ProgressObserver& progress) {
    tree_.begin_layer(layer.rules);
    missed_.clear();
    layer.read(
        [&](const Entry& entry, const ContentReader& content) {
            const std::uint64_t implied = tree_.implied_directories();
            receive(layer, entry, content);
            counter_.count_implied(entry, tree_.implied_directories() - implied);
        },
        progress);
    if (!missed_.empty())
        read_missed(layer);
}

void RootAssembly::receive(const Layer& layer, const Entry& entry, const ContentReader& content) {
    counter_.count(entry);
    // Removing /boot must not remove the kernel: it leaves the root anyway, for the UKI.
    if (layer.is_source && removals_.match(entry.path) && !kernel_release_of(entry.path))
        return;
    if (entry.type == EntryType::hard_link) {
        receive_hard_link(entry);
        return;
    }
    Node* node = tree_.insert(entry);
    if (node == nullptr || entry.type == EntryType::directory)
        return;
    if (entry.type == EntryType::file)
        store(*node, entry, content);
}

void RootAssembly::receive_hard_link(const Entry& entry) {
    if (Inode* first = tree_.find_own(entry.link_target)) {
        tree_.insert(entry, first);
        return;
    }
    // The first name was replaced by a higher layer or removed: its content has passed by.
    const auto known = missed_.find(entry.link_target);
    Inode& inode = known != missed_.end() ? *known->second : tree_.make_inode();
    if (tree_.insert(entry, &inode) != nullptr)
        missed_[entry.link_target] = &inode;
}

void RootAssembly::read_missed(const Layer& layer) {
    layer.read(
        [&](const Entry& entry, const ContentReader& content) {
            const auto missed = missed_.find(entry.path);
            if (missed == missed_.end() || !can_be_linked_to(entry.type))
                return;
            if (entry.type == EntryType::directory)
                throw refused("cannot use '" + layer.name + "': a hard link refers to '" +
                              printable(entry.path) + "', which is a directory");
            Inode& inode = *missed->second;
            tree_.describe(inode, entry);
            if (entry.type == EntryType::file)
                write(entry.path, inode, content);
            missed_.erase(missed);
        },
        {});
    if (!missed_.empty())
        throw refused("cannot use '" + layer.name + "': a hard link refers to '" +
                      printable(missed_.begin()->first) + "', which it does not have");
}

void RootAssembly::store(Node& node, const Entry& entry, const ContentReader& content) {
    const std::string path = RootTree::path_of(node);
    if (const auto release = kernel_release_of(path)) {
        kernel_.offer(*release, content);
    } else if (is_boot_file(path)) {
        return; // taken out of the tree at the end
    } else if (is_edited_later(path)) {
        node.inode->held = std::make_unique<Bytes>(read_whole(content, largest_held_file, path));
    } else if (is_unit_file(path) && entry.size <= largest_unit_file) {
        const Bytes text = read_whole(content, largest_unit_file, path);
        if (text.size() > unit_texts_left_)
            throw refused("cannot use '" + printable(path) +
                          "': all systemd units together take "
                          "more than " +
                          format_size(most_unit_text));
        unit_texts_left_ -= text.size();
        unit_texts_[node.inode] = text_of(text);
        write(path, *node.inode, read_from(text));
    } else {
        write(path, *node.inode, content);
    }
}

void RootAssembly::write(const std::string& path, Inode& inode, const ContentReader& content) {
    if (!is_python_bytecode(path)) {
        inode.content = writer_.add_file(path, inode.size, content);
        return;
    }
    const CompiledModule module = without_source_time(content);
    inode.content = writer_.add_file(path, inode.size, module.content);
    if (module.source)
        module_sources_[inode.content] = *module.source;
}

void RootAssembly::remove_stale_bytecode() {
    std::vector<Node*> stale;
    tree_.walk([&](Node& node) {
        const auto source = module_sources_.find(node.inode->content);
        const std::string path = RootTree::path_of(node);
        if (source == module_sources_.end() || !is_python_bytecode(path))
            return;
        const Node* file = tree_.find(source_of_bytecode(path));
        if (file == nullptr || !is_source(*file->inode, source->second))
            stale.push_back(&node);
    });
    for (Node* node : stale)
        RootTree::remove(*node);
    module_sources_.clear();
}

Inode& RootAssembly::put_file(const std::string& path, std::uint32_t mode,
                              const std::string& text) {
    Entry entry;
    entry.path = path;
    entry.mode = mode;
    Inode& inode = *tree_.put(entry).inode;
    inode.generated = true;
    inode.held = std::make_unique<Bytes>(text.begin(), text.end());
    return inode;
}

void RootAssembly::write_held_files() {
    tree_.walk([&](Node& node) {
        Inode& inode = *node.inode;
        if (!inode.held)
            return;
        const std::unique_ptr<Bytes> content = std::move(inode.held);
        inode.size = content->size();
        write(RootTree::path_of(node), inode, read_from(*content));
    });
}

std::string RootAssembly::unit_text(const Inode& inode) const {
    const auto found = unit_texts_.find(&inode);
    return found != unit_texts_.end() ? found->second : "";
}

} // namespace quoin
