// SPDX-License-Identifier: Apache-2.0
#include "early/seeding.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "early/copy_tree.hpp"
#include "early/directory.hpp"

#include <algorithm>
#include <cerrno>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace quoin::early {

static const std::string not_seeded = ".not-seeded";

/// The parts of an absolute path; nothing in it when the path is not acceptable.
static std::vector<std::string> parts_of(std::string_view path) {
    if (!path.starts_with('/'))
        return {};
    std::vector<std::string> parts;
    while (!path.empty()) {
        path.remove_prefix(1);
        const std::string_view part = path.substr(0, path.find('/'));
        if (part.empty() || part == "." || part == ".." ||
            part.find('\0') != std::string_view::npos)
            return {};
        parts.emplace_back(part);
        path.remove_prefix(part.size());
    }
    return parts;
}

std::vector<std::string> parse_persistent_directories(std::string_view text) {
    std::vector<std::string> paths;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (line.empty() || line.starts_with('#'))
            continue;
        if (parts_of(line).empty())
            throw refused("cannot use persistent directory '" + std::string(line) +
                          "': not an absolute path without '.' and '..'");
        paths.emplace_back(line);
    }
    std::ranges::sort(paths);
    paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
    return paths;
}

UniqueFd open_in_root(FdRef root, const std::string& path) {
    open_how how{};
    how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT;
    const long fd = ::syscall(SYS_openat2, root.get(), path.c_str(), &how, sizeof how);
    if (fd < 0 && errno != ENOENT && errno != ENOTDIR)
        throw system_error("cannot open '" + path + "' of the image");
    return UniqueFd(static_cast<int>(fd));
}

static bool has(FdRef directory, const std::string& name) {
    struct stat status {};
    return ::fstatat(directory.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

static UniqueFd open_directory(FdRef parent, const std::string& name) {
    return open_file_at(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

/// Gives `name` what `make` makes under a name of its own: all of it is on the medium before it is
/// renamed. What an interrupted attempt left is removed first.
template <typename Make>
static void place(FdRef directory, const std::string& name, const Make& make) {
    const std::string unfinished = name + ".seeding";
    remove_tree(directory, unfinished);
    make(unfinished);
    if (!has(directory, unfinished))
        return; // a socket, which is not copied
    sync_file_system(directory, name);
    if (::renameat(directory.get(), unfinished.c_str(), directory.get(), name.c_str()) != 0)
        throw system_error("cannot rename '" + unfinished + "'");
    sync_file(directory, name);
}

static void make_directory_at(FdRef parent, const std::string& name) {
    if (::mkdirat(parent.get(), name.c_str(), 0755) != 0)
        throw system_error("cannot make directory '" + name + "'");
}

/// Opens a directory that only leads to a persistent one.
static UniqueFd open_way(FdRef parent, const std::string& name) {
    if (!has(parent, name))
        place(parent, name, [&](const std::string& unfinished) {
            make_directory_at(parent, unfinished);
            (void)open_file_at(open_directory(parent, unfinished), not_seeded, O_WRONLY | O_CREAT,
                               0600);
        });
    return open_directory(parent, name);
}

static void remove_mark(FdRef way, const std::string& path) {
    if (::unlinkat(way.get(), not_seeded.c_str(), 0) != 0)
        throw system_error("cannot finish '" + path + "'");
    sync_file(way, path);
}

/// Turns a way into a persistent directory: what the image has and it lacks is copied, what leads
/// to other persistent directories stays. Each entry comes whole, and the mark goes last.
static void fill_way(FdRef image, FdRef data, const std::string& path) {
    for (const std::string& name : names_in(image, path)) {
        if (!has(data, name)) {
            place(data, name, [&](const std::string& unfinished) {
                copy_entry(image, name, data, unfinished);
            });
        } else if (has(data, name + "/" + not_seeded)) {
            if (const UniqueFd image_below = open_in_root(image, name))
                fill_way(image_below, open_directory(data, name), path + "/" + name);
        }
    }
    copy_metadata(image, data, path);
    sync_file_system(data, path);
    remove_mark(data, path);
}

UniqueFd open_seeded(FdRef persist, const std::string& path, FdRef image_root) {
    std::vector<std::string> parts = parts_of(path);
    const std::string name = parts.back();
    parts.pop_back();
    UniqueFd parent = open_file_at(persist, ".", O_RDONLY | O_DIRECTORY);
    for (const std::string& part : parts)
        parent = open_way(parent, part);

    const UniqueFd image = open_in_root(image_root, path);
    if (!has(parent, name))
        place(parent, name, [&](const std::string& unfinished) {
            if (image)
                copy_directory(image, parent, unfinished);
            else
                make_directory_at(parent, unfinished);
        });
    UniqueFd directory = open_directory(parent, name);
    if (has(directory, not_seeded)) {
        if (image)
            fill_way(image, directory, path);
        else
            remove_mark(directory, path);
    }
    return directory;
}

} // namespace quoin::early
