// SPDX-License-Identifier: Apache-2.0
#include "base/abandoned_files.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace quoin {

/// Of the whole file. False when somebody else has one, or locks do not exist.
static bool lock(FdRef fd, int command, short type) {
    struct flock whole {};
    whole.l_type = type;
    whole.l_whence = SEEK_SET;
    return ::fcntl(fd.get(), command, &whole) == 0;
}

static bool has_name(FdRef fd) {
    struct stat status {};
    return ::fstat(fd.get(), &status) == 0 && status.st_nlink > 0;
}

bool mark_as_in_use(FdRef fd) {
    const bool is_others = !lock(fd, F_OFD_SETLK, F_RDLCK) && (errno == EAGAIN || errno == EACCES);
    return !is_others && has_name(fd);
}

static bool is_abandoned_name(std::string_view name, const std::string& prefix) {
    if (!name.starts_with("." + prefix))
        return false;
    const auto last_dot = name.rfind('.');
    auto end = name.substr(last_dot);
    for (const std::string_view kind : {".part-", ".old-"})
        if (end.starts_with(kind) && last_dot > prefix.size()) {
            end.remove_prefix(kind.size());
            return !end.empty() &&
                   std::ranges::all_of(end, [](char c) { return c >= '0' && c <= '9'; });
        }
    return false;
}

void remove_abandoned_files(const std::string& directory, const std::string& prefix) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
        if (!is_abandoned_name(entry.path().filename().string(), prefix) ||
            !std::filesystem::is_regular_file(entry.symlink_status(error)))
            continue;
        const UniqueFd fd(::open(entry.path().c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
        if (fd && lock(fd, F_OFD_SETLK, F_WRLCK) && has_name(fd))
            ::unlink(entry.path().c_str());
    }
}

} // namespace quoin
