// SPDX-License-Identifier: Apache-2.0
// Ownership and errors of libsquashfs. Only this folder and the root reader include it.
#pragma once

#include <memory>
#include <sqfs/predef.h>
#include <string_view>

namespace quoin {

struct SqfsDestroy {
    template <typename T>
    void operator()(T* object) const noexcept {
        sqfs_destroy(object);
    }
};
/// Owns any libsquashfs object.
template <typename T>
using Sqfs = std::unique_ptr<T, SqfsDestroy>;

struct SqfsFree {
    template <typename T>
    void operator()(T* memory) const noexcept {
        sqfs_free(memory);
    }
};
/// Owns plain memory that libsquashfs allocated: inodes, directory entries.
template <typename T>
using SqfsMemory = std::unique_ptr<T, SqfsFree>;

/// Throws Error(failed) "cannot DOING: what the SQFS_ERROR code means" when `result` is negative.
void check_sqfs(int result, std::string_view doing);

/// The same for functions that return a new object, or null when memory ran out.
void check_sqfs(const void* object, std::string_view doing);

} // namespace quoin
