// SPDX-License-Identifier: Apache-2.0
// Files that live as long as a test, and the programs that tests compare us with.
#pragma once

#include "base/fd.hpp"
#include "base/file.hpp"
#include "base/process.hpp"
#include "support/catch.hpp"

#include <string>
#include <unistd.h>
#include <vector>

namespace quoin::test {

/// A directory with files for one test.
class Scratch {
  public:
    [[nodiscard]] std::string path(const std::string& name) const {
        return directory_.path() + "/" + name;
    }
    std::string write(const std::string& name, ByteView content) const {
        const UniqueFd fd = open_file(path(name), O_RDWR | O_CREAT | O_TRUNC);
        write_all(fd, content, name);
        return path(name);
    }
    /// A sparse file.
    std::string create(const std::string& name, std::uint64_t size) const {
        const UniqueFd fd = open_file(path(name), O_RDWR | O_CREAT | O_TRUNC);
        REQUIRE(ftruncate(fd.get(), static_cast<off_t>(size)) == 0);
        return path(name);
    }

  private:
    TemporaryDirectory directory_;
};

[[nodiscard]] inline Bytes content_of(const std::string& path) {
    return read_file(path, std::uint64_t{1} << 30);
}

/// Where a program lies, also when PATH has no sbin; says why the test is skipped when it is
/// missing.
[[nodiscard]] inline std::string find_program(const std::string& name) {
    for (const std::string directory : {"/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"})
        if (access((directory + name).c_str(), X_OK) == 0)
            return directory + name;
    WARN("skipped: there is no program '" << name << "'");
    return {};
}

/// Bytes that look random and differ from block to block, the same in every run.
[[nodiscard]] inline Bytes filler(std::size_t size, std::uint64_t seed = 1) {
    Bytes out(size);
    std::uint64_t state = seed * 0x9e3779b97f4a7c15ULL + 1;
    for (std::uint8_t& byte : out) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        byte = static_cast<std::uint8_t>(state >> 32);
    }
    return out;
}

} // namespace quoin::test
