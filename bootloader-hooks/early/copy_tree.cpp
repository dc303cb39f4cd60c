// SPDX-License-Identifier: Apache-2.0
#include "early/copy_tree.hpp"

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "early/directory.hpp"

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace quoin::early {

static Error cannot_copy(const std::string& name) {
    return system_error("cannot copy '" + name + "'");
}

static void copy_attributes(FdRef from, FdRef to, const std::string& name) {
    std::vector<char> names(XATTR_LIST_MAX);
    const ssize_t names_size = ::flistxattr(from.get(), names.data(), names.size());
    if (names_size < 0 && errno != EOPNOTSUPP)
        throw cannot_copy(name);
    Bytes value(XATTR_SIZE_MAX);
    for (const char* attribute = names.data(); attribute < names.data() + names_size;
         attribute += std::strlen(attribute) + 1) {
        const ssize_t size = ::fgetxattr(from.get(), attribute, value.data(), value.size());
        if (size < 0)
            throw cannot_copy(name);
        if (::fsetxattr(to.get(), attribute, value.data(), static_cast<std::size_t>(size), 0) !=
                0 &&
            errno != EOPNOTSUPP)
            throw cannot_copy(name);
    }
}

void copy_metadata(FdRef from, FdRef to, const std::string& name) {
    struct stat status {};
    if (::fstat(from.get(), &status) != 0 || ::fchown(to.get(), status.st_uid, status.st_gid) != 0)
        throw cannot_copy(name);
    // After the owner: changing it clears set-user-id bits and capabilities.
    copy_attributes(from, to, name);
    const std::array<timespec, 2> times{status.st_atim, status.st_mtim};
    if (::fchmod(to.get(), status.st_mode & 07777) != 0 || ::futimens(to.get(), times.data()) != 0)
        throw cannot_copy(name);
}

static void copy_file(FdRef from, const std::string& name, FdRef to, const std::string& new_name) {
    const UniqueFd source = open_file_at(from, name, O_RDONLY | O_NOFOLLOW);
    const UniqueFd target = open_file_at(to, new_name, O_WRONLY | O_CREAT | O_EXCL, 0600);
    ssize_t copied = 0;
    do {
        copied = ::sendfile(target.get(), source.get(), nullptr, std::size_t{1} << 20);
    } while (copied > 0);
    if (copied < 0)
        throw cannot_copy(name);
    copy_metadata(source, target, name);
}

static void copy_link(FdRef from, const std::string& name, FdRef to, const std::string& new_name) {
    std::array<char, PATH_MAX> target{};
    if (::readlinkat(from.get(), name.c_str(), target.data(), target.size() - 1) < 0 ||
        ::symlinkat(target.data(), to.get(), new_name.c_str()) != 0)
        throw cannot_copy(name);
}

void copy_directory(FdRef from, FdRef to, const std::string& new_name) {
    if (::mkdirat(to.get(), new_name.c_str(), 0700) != 0)
        throw cannot_copy(new_name);
    const UniqueFd target = open_file_at(to, new_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    for (const std::string& name : names_in(from, new_name))
        copy_entry(from, name, target, name);
    copy_metadata(from, target, new_name);
}

void copy_entry(FdRef from, const std::string& name, FdRef to, const std::string& new_name) {
    struct stat status {};
    if (::fstatat(from.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
        throw cannot_copy(name);
    switch (status.st_mode & S_IFMT) {
    case S_IFDIR:
        copy_directory(open_file_at(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), to, new_name);
        return; // with its metadata
    case S_IFREG:
        copy_file(from, name, to, new_name);
        return;
    case S_IFSOCK:
        return; // whoever listens makes it anew
    case S_IFLNK:
        copy_link(from, name, to, new_name);
        break;
    default:
        if (::mknodat(to.get(), new_name.c_str(), status.st_mode, status.st_rdev) != 0)
            throw cannot_copy(name);
    }
    if (::fchownat(to.get(), new_name.c_str(), status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW) !=
        0)
        throw cannot_copy(name);
}

} // namespace quoin::early
