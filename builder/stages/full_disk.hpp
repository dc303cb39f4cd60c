// SPDX-License-Identifier: Apache-2.0
// Tools that write into an image do not all say why they could not.
#pragma once

#include "base/error.hpp"

#include <cstdint>
#include <string>
#include <sys/statvfs.h>
#include <unistd.h>

namespace quoin {

/// Runs `body`; an Error thrown in it leaves with `context: ` in front, and with "No space left on
/// device" behind where the file system of `path` has less room than `needed` bytes.
template <typename Body>
void writing_into(const std::string& path, const std::string& context, Body&& body,
                  std::uint64_t needed = 1) {
    try {
        body();
    } catch (const Error& e) {
        struct statvfs room {};
        const std::string full = "No space left on device";
        const bool is_full =
            ::statvfs(path.c_str(), &room) == 0 &&
            (::geteuid() == 0 ? room.f_bfree : room.f_bavail) * room.f_frsize < needed &&
            std::string(e.what()).find(full) == std::string::npos;
        throw Error(e.code(), context + ": " + e.what() + (is_full ? ": " + full : ""));
    }
}

} // namespace quoin
