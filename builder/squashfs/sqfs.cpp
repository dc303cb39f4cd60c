// SPDX-License-Identifier: Apache-2.0
#include "builder/squashfs/sqfs.hpp"

#include "base/error.hpp"

#include <sqfs/error.h>
#include <string>

namespace quoin {

namespace {

std::string meaning_of(int code) {
    switch (code) {
    case SQFS_ERROR_ALLOC:
        return "out of memory";
    case SQFS_ERROR_IO:
        return "input/output error";
    case SQFS_ERROR_COMPRESSOR:
        return "compressed data is damaged";
    case SQFS_ERROR_CORRUPTED:
        return "damaged squashfs";
    case SQFS_ERROR_UNSUPPORTED:
        return "not supported by squashfs";
    case SQFS_ERROR_OVERFLOW:
        return "a size exceeds what squashfs can store";
    case SQFS_ERROR_OUT_OF_BOUNDS:
        return "a reference points outside the squashfs";
    case SFQS_ERROR_SUPER_MAGIC:
        return "not a squashfs";
    case SFQS_ERROR_SUPER_VERSION:
        return "unsupported squashfs version";
    case SQFS_ERROR_SUPER_BLOCK_SIZE:
        return "invalid block size";
    case SQFS_ERROR_NOT_DIR:
        return "not a directory";
    case SQFS_ERROR_NO_ENTRY:
        return "no such file or directory";
    case SQFS_ERROR_LINK_LOOP:
        return "directory loop";
    default:
        return "libsquashfs error " + std::to_string(code);
    }
}

} // namespace

void check_sqfs(int result, std::string_view doing) {
    if (result < 0)
        throw Error("cannot " + std::string(doing) + ": " + meaning_of(result));
}

void check_sqfs(const void* object, std::string_view doing) {
    if (object == nullptr)
        check_sqfs(SQFS_ERROR_ALLOC, doing);
}

} // namespace quoin
