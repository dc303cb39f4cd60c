// SPDX-License-Identifier: Apache-2.0
#include "early/directory.hpp"

#include "base/error.hpp"
#include "base/handle.hpp"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

namespace quoin::early {

std::vector<std::string> names_in(FdRef directory, const std::string& name) {
    // fdopendir takes over its descriptor, and a fresh one starts at the first name.
    UniqueFd own = open_file_at(directory, ".", O_RDONLY | O_DIRECTORY);
    const Handle<DIR, ::closedir> stream(::fdopendir(own.get()));
    if (!stream)
        throw system_error("cannot list '" + name + "'");
    (void)own.release();

    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(stream.get())) {
        const std::string_view entry_name = entry->d_name;
        if (entry_name != "." && entry_name != "..")
            names.emplace_back(entry_name);
        errno = 0;
    }
    if (errno != 0)
        throw system_error("cannot list '" + name + "'");
    std::ranges::sort(names);
    return names;
}

std::vector<std::string> names_in(const std::string& path) {
    return names_in(open_file(path, O_RDONLY | O_DIRECTORY), path);
}

void make_directory(const std::string& path) {
    if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST)
        throw system_error("cannot make directory '" + path + "'");
}

static void remove_content(FdRef directory, dev_t device) {
    for (const std::string& name : names_in(directory, "directory to remove")) {
        struct stat status {};
        if (::fstatat(directory.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 ||
            status.st_dev != device)
            continue;
        if (S_ISDIR(status.st_mode)) {
            remove_content(open_file_at(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW),
                           device);
            ::unlinkat(directory.get(), name.c_str(), AT_REMOVEDIR);
        } else {
            ::unlinkat(directory.get(), name.c_str(), 0);
        }
    }
}

void remove_tree(FdRef directory, const std::string& name) {
    struct stat status {};
    if (::fstatat(directory.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
        return;
    if (!S_ISDIR(status.st_mode)) {
        ::unlinkat(directory.get(), name.c_str(), 0);
        return;
    }
    try {
        remove_content(open_file_at(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW),
                       status.st_dev);
    } catch (const Error&) {
        return;
    }
    ::unlinkat(directory.get(), name.c_str(), AT_REMOVEDIR);
}

} // namespace quoin::early
