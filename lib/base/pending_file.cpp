// SPDX-License-Identifier: Apache-2.0
// Things that vanish unless they are finished: outputs under construction, scratch directories.
#include "base/abandoned_files.hpp"
#include "base/error.hpp"
#include "base/file.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <sys/random.h>
#include <unistd.h>

namespace quoin {

/// Process ids alone are not enough: containers that share a directory have the same ones.
static std::string name_under_construction(const std::string& final_path) {
    std::uint32_t chance = 0;
    if (::getrandom(&chance, sizeof chance, 0) != sizeof chance)
        throw system_error("cannot choose a name for '" + final_path + "'");
    const std::size_t slash = final_path.find_last_of('/');
    const std::size_t name = slash == std::string::npos ? 0 : slash + 1;
    return final_path.substr(0, name) + "." + final_path.substr(name) + ".part-" +
           std::to_string(chance);
}

PendingFile::PendingFile(std::string final_path, mode_t mode) : final_path_(std::move(final_path)) {
    do {
        temporary_path_ = name_under_construction(final_path_);
        fd_ = open_file(temporary_path_, O_RDWR | O_CREAT | O_EXCL, mode);
    } while (!mark_as_in_use(fd_));
}

PendingFile::~PendingFile() {
    if (fd_) // neither committed nor moved away
        ::unlink(temporary_path_.c_str());
}

void PendingFile::commit() {
    sync_file(fd_, temporary_path_);
    rename_to(final_path_);
    sync_directory(parent_of(final_path_));
}

void PendingFile::rename_to(const std::string& path) {
    if (::rename(temporary_path_.c_str(), path.c_str()) != 0)
        throw system_error("cannot rename '" + temporary_path_ + "' to '" + path + "'");
    final_path_ = path;
    fd_.reset();
}

TemporaryDirectory::TemporaryDirectory(const std::string& parent) {
    const char* from_environment = ::getenv("TMPDIR");
    const std::string fallback =
        from_environment != nullptr && *from_environment != '\0' ? from_environment : "/tmp";
    path_ = (parent.empty() ? fallback : parent) + "/quoin-XXXXXX";
    if (::mkdtemp(path_.data()) == nullptr)
        throw system_error("cannot create a directory like '" + path_ + "'");
}

TemporaryDirectory::~TemporaryDirectory() {
    std::error_code ignored; // a destructor has nobody to tell
    std::filesystem::remove_all(path_, ignored);
}

} // namespace quoin
