// SPDX-License-Identifier: Apache-2.0
// A file that holds an input, for parsers that read files.
#pragma once

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/file.hpp"

#include <string>
#include <sys/mman.h>
#include <unistd.h>

namespace quoin::fuzz {

/// One a process, with another content for each input.
class MemoryFile {
  public:
    MemoryFile() : fd_(::memfd_create("input", MFD_CLOEXEC)) {
        if (!fd_)
            throw system_error("cannot make a file in memory");
    }
    void set(ByteView content) const {
        if (::ftruncate(fd_.get(), 0) != 0)
            throw system_error("cannot empty a file in memory");
        pwrite_all(fd_, content, 0, "input");
    }
    [[nodiscard]] FdRef fd() const { return fd_; }
    [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(fd_.get()); }

  private:
    UniqueFd fd_;
};

} // namespace quoin::fuzz
