// SPDX-License-Identifier: Apache-2.0
#include "base/fd.hpp"

#include "base/error.hpp"

#include <unistd.h>

namespace quoin {

void UniqueFd::reset() noexcept {
    if (fd_ >= 0)
        ::close(std::exchange(fd_, -1));
}

UniqueFd open_file(const std::string& path, int flags, mode_t mode) {
    return open_file_at(FdRef(AT_FDCWD), path, flags, mode);
}

UniqueFd open_file_at(FdRef directory, const std::string& name, int flags, mode_t mode) {
    UniqueFd fd(::openat(directory.get(), name.c_str(), flags | O_CLOEXEC, mode));
    if (!fd)
        throw system_error("cannot open '" + name + "'");
    return fd;
}

} // namespace quoin
