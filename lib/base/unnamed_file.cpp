// SPDX-License-Identifier: Apache-2.0
#include "base/unnamed_file.hpp"

#include "base/error.hpp"

#include <cerrno>
#include <cstdlib>
#include <unistd.h>

namespace quoin {

UniqueFd unnamed_file(std::string directory) {
    if (directory.empty()) {
        const char* from_environment = std::getenv("TMPDIR");
        directory =
            from_environment != nullptr && *from_environment != '\0' ? from_environment : "/tmp";
    }
    UniqueFd file(::open(directory.c_str(), O_RDWR | O_TMPFILE | O_CLOEXEC, 0600));
    if (!file && (errno == EOPNOTSUPP || errno == EISDIR)) { // FAT and NFS have no such files
        std::string name = directory + "/.quoin-XXXXXX";
        file = UniqueFd(::mkostemp(name.data(), O_CLOEXEC));
        if (file)
            ::unlink(name.c_str());
    }
    if (!file)
        throw system_error("cannot create a temporary file in '" + directory + "'");
    return file;
}

} // namespace quoin
