// SPDX-License-Identifier: Apache-2.0
// Paths in a finished root, with symbolic links followed inside it.
#include "base/error.hpp"
#include "base/terminal.hpp"
#include "base/units.hpp"
#include "builder/root_image.hpp"
#include "builder/squashfs/image_reader.hpp"

#include <algorithm>
#include <deque>
#include <set>

namespace quoin {

namespace {

constexpr unsigned most_links = 40;
constexpr unsigned deepest = 1100; // what the builder makes, and a little more

void push_components(std::deque<std::string>& rest, const std::string& path) {
    std::vector<std::string> components;
    for (std::size_t start = 0; start < path.size();) {
        const std::size_t end = std::min(path.find('/', start), path.size());
        if (end > start && path.compare(start, end - start, ".") != 0)
            components.push_back(path.substr(start, end - start));
        start = end + 1;
    }
    rest.insert(rest.begin(), components.begin(), components.end());
}

/// The directories that a walk has been in. One with two names would be walked twice, and thirty
/// such, one in the other, a billion times.
class Visited {
  public:
    void enter(const sqfs_inode_generic_t& directory, unsigned depth) {
        if (depth > deepest)
            throw refused("cannot read the root image: directories are nested too deep");
        if (!numbers_.insert(directory.base.inode_number).second)
            throw refused("cannot read the root image: a directory has two names");
    }

  private:
    std::set<std::uint32_t> numbers_;
};

} // namespace

struct RootReader::State {
    SquashfsReader squashfs;

    /// What a path leads to; null when there is nothing.
    [[nodiscard]] InodePointer follow(const std::string& path) const {
        std::deque<std::string> rest;
        push_components(rest, path);
        std::vector<InodePointer> above;
        above.push_back(squashfs.root());
        unsigned links = 0;
        while (!rest.empty()) {
            const std::string name = rest.front();
            rest.pop_front();
            if (!is_directory(*above.back()))
                return nullptr;
            if (name == "..") {
                if (above.size() > 1)
                    above.pop_back();
                continue;
            }
            InodePointer next = squashfs.child(*above.back(), name);
            if (!next)
                return nullptr;
            if (!is_symlink(*next)) {
                above.push_back(std::move(next));
                continue;
            }
            if (++links > most_links)
                throw refused("cannot read '" + printable(path) +
                              "' in the root image: too many levels of symbolic links");
            const std::string target = link_target(*next);
            push_components(rest, target);
            if (target.starts_with('/'))
                above.resize(1);
        }
        return std::move(above.back());
    }

    void stream(const sqfs_inode_generic_t& file, const std::string& path,
                const std::function<void(ByteView)>& use) const {
        in_context("reading '" + printable(path) + "'", [&] { squashfs.stream(file, use); });
    }

    /// Calls `use(path, inode)` for everything below the root.
    template <typename Use>
    void walk(Use&& use) const {
        Visited visited;
        walk(*squashfs.root(), "", 0, visited, use);
    }

    template <typename Use>
    void walk(const sqfs_inode_generic_t& directory, const std::string& above, unsigned depth,
              Visited& visited, Use&& use) const {
        visited.enter(directory, depth);
        for (const auto& [name, inode] : squashfs.entries(directory)) {
            use(above + name, *inode);
            if (is_directory(*inode))
                walk(*inode, above + name + "/", depth + 1, visited, use);
        }
    }

    template <typename Use>
    void each_file(const sqfs_inode_generic_t& directory, const std::string& above, unsigned depth,
                   Visited& visited, Use&& use) const {
        visited.enter(directory, depth);
        std::vector<std::pair<std::string, InodePointer>> directories;
        squashfs.each_entry(directory, [&](std::string name, InodePointer inode) {
            if (is_directory(*inode))
                directories.emplace_back(std::move(name), std::move(inode));
            else if (is_file(*inode))
                use(above + name, squashfs.place_of(*inode));
        });
        for (const auto& [name, inode] : directories)
            each_file(*inode, above + name + "/", depth + 1, visited, use);
    }

    [[nodiscard]] File describe(const sqfs_inode_generic_t& inode, std::string path) const {
        File file;
        file.path = std::move(path);
        file.type = type_letter(inode);
        file.mode = inode.base.mode & 07777U;
        file.uid = squashfs.owner(inode.base.uid_idx);
        file.gid = squashfs.owner(inode.base.gid_idx);
        file.mtime = inode.base.mod_time;
        file.size = is_file(inode) ? squashfs.size_of(inode) : 0;
        file.target = is_symlink(inode) ? link_target(inode) : "";
        file.xattrs = squashfs.attributes_of(inode);
        return file;
    }
};

RootReader::RootReader(FdRef image, std::uint64_t offset, std::uint64_t size)
    : state_(new State{SquashfsReader(Region(image, offset, size, "root image"))}) {}

RootReader::~RootReader() = default;

std::optional<Bytes> RootReader::read(const std::string& path, std::uint64_t limit) {
    const InodePointer inode = state_->follow(path);
    if (!inode || !is_file(*inode))
        return std::nullopt;
    const std::uint64_t size = state_->squashfs.size_of(*inode);
    if (size > limit)
        throw refused("cannot read '" + printable(path) + "' in the root image: larger than " +
                      format_size(limit));
    Bytes content;
    content.reserve(size); // growing would take three times as much
    state_->stream(*inode, path, [&](ByteView piece) {
        content.insert(content.end(), piece.begin(), piece.end());
    });
    return content;
}

std::uint64_t RootReader::size_of(const std::string& path) {
    const InodePointer inode = state_->follow(path);
    return inode && is_file(*inode) ? state_->squashfs.size_of(*inode) : 0;
}

std::optional<Digest> RootReader::digest(const std::string& path) {
    const InodePointer inode = state_->follow(path);
    if (!inode || !is_file(*inode))
        return std::nullopt;
    Sha256 hash;
    state_->stream(*inode, path, [&](ByteView piece) { hash.update(piece); });
    return hash.finish();
}

std::vector<std::string> RootReader::list(const std::string& path) {
    const InodePointer inode = state_->follow(path);
    std::vector<std::string> names;
    if (!inode || !is_directory(*inode))
        return names;
    for (const auto& [name, child] : state_->squashfs.entries(*inode))
        names.push_back(name);
    std::sort(names.begin(), names.end());
    return names;
}

std::vector<RootReader::File> RootReader::walk() {
    std::vector<File> files;
    state_->walk([&](const std::string& path, const sqfs_inode_generic_t& inode) {
        files.push_back(state_->describe(inode, path));
    });
    return files;
}

std::vector<std::string>
RootReader::paths_below(const std::string& directory,
                        const std::function<bool(const std::string& path)>& wanted) {
    std::deque<std::string> names;
    push_components(names, directory);
    InodePointer at = state_->squashfs.root();
    for (const auto& name : names) {
        if (!at || !is_directory(*at))
            return {};
        at = state_->squashfs.child(*at, name);
    }
    std::vector<std::string> paths;
    Visited visited;
    if (at && is_directory(*at))
        state_->walk(*at, directory + "/", 0, visited,
                     [&](const std::string& path, const sqfs_inode_generic_t&) {
                         if (wanted(path))
                             paths.push_back(path);
                     });
    return paths;
}

void RootReader::each_file(
    const std::function<void(const std::string& path, const FilePlace&)>& use) {
    Visited visited;
    state_->each_file(*state_->squashfs.root(), "", 0, visited, use);
}

} // namespace quoin
