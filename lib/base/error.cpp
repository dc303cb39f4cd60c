// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"

#include <cerrno>
#include <cstring>

namespace quoin {

Error system_error(std::string_view doing) {
    return system_error(doing, errno);
}

Error system_error(std::string_view doing, int error_number) {
    // strerror_r, GNU flavour: thread safe, never fails.
    char buffer[128];
    return Error(std::string(doing) + ": " + strerror_r(error_number, buffer, sizeof buffer));
}

int exit_code(ErrorCode code) noexcept {
    switch (code) {
    case ErrorCode::failed:
    case ErrorCode::cancelled:
        return 1;
    case ErrorCode::usage:
        return 2;
    case ErrorCode::refused:
        return 3;
    case ErrorCode::nothing_to_do:
        return 4;
    }
    return 1;
}

} // namespace quoin
