// SPDX-License-Identifier: Apache-2.0
// File descriptors: one type that owns, one that borrows, both close-on-exec from birth.
#pragma once

#include <fcntl.h>
#include <string>
#include <utility>

namespace quoin {

/// A borrowed descriptor: never closes. Valid as long as its owner lives.
class FdRef {
  public:
    explicit FdRef(int fd) : fd_(fd) {}
    [[nodiscard]] int get() const noexcept { return fd_; }

  private:
    int fd_;
};

/// An owned descriptor: closed once, movable, never copied.
class UniqueFd {
  public:
    UniqueFd() = default;
    explicit UniqueFd(int fd) noexcept : fd_(fd) {}
    UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept {
        if (this != &other) {
            reset();
            fd_ = std::exchange(other.fd_, -1);
        }
        return *this;
    }
    UniqueFd(const UniqueFd&) = delete;
    UniqueFd& operator=(const UniqueFd&) = delete;
    ~UniqueFd() { reset(); }

    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }
    operator FdRef() const noexcept { return FdRef(fd_); } // NOLINT(google-explicit-constructor)
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
    void reset() noexcept;

  private:
    int fd_ = -1;
};

/// open(2) with O_CLOEXEC; throws Error(failed) "cannot open 'path': …".
[[nodiscard]] UniqueFd open_file(const std::string& path, int flags, mode_t mode = 0644);

/// The same, relative to a directory descriptor.
[[nodiscard]] UniqueFd open_file_at(FdRef directory, const std::string& name, int flags,
                                    mode_t mode = 0644);

} // namespace quoin
