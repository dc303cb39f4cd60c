// SPDX-License-Identifier: Apache-2.0
#include "agent/esp_mount.hpp"

#include "base/error.hpp"

#include <cerrno>
#include <filesystem>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

namespace quoin {

namespace {

constexpr useconds_t retry_after = 100'000; // microseconds
constexpr unsigned retries = 100;

/// Once a process: from here on mounts made here are invisible outside, while mounts made outside
/// still appear here.
void leave_shared_mounts() {
    static bool left = false;
    if (left)
        return;
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0)
        throw system_error("cannot make a mount namespace");
    left = true;
}

bool mount_busy(const std::string& device, const std::string& directory, unsigned long flags) {
    if (::mount(device.c_str(), directory.c_str(), "vfat", flags, "umask=0077") == 0)
        return false;
    if (errno == EBUSY)
        return true;
    throw system_error("cannot mount '" + device + "'");
}

/// A file system that an install keeps mounted for writing cannot be mounted read-only beside it,
/// but its mount can be shared; then only this view of it is read-only.
bool shared_view_busy(const std::string& device, const std::string& directory,
                      unsigned long flags) {
    const unsigned long view_flags = flags & ~static_cast<unsigned long>(MS_SYNCHRONOUS);
    if (mount_busy(device, directory, flags & ~static_cast<unsigned long>(MS_RDONLY)))
        return true;
    if (::mount(nullptr, directory.c_str(), nullptr, MS_REMOUNT | MS_BIND | view_flags, nullptr) ==
        0)
        return false;
    const int problem = errno;
    ::umount2(directory.c_str(), MNT_DETACH);
    throw system_error("cannot mount '" + device + "' read-only", problem);
}

} // namespace

EspMount::EspMount(const std::string& device, const std::string& directory, bool writable)
    : directory_(directory) {
    leave_shared_mounts();
    std::error_code problem;
    std::filesystem::create_directories(directory, problem);
    if (problem)
        throw system_error("cannot create '" + directory + "'", problem.value());
    // Names change on the medium one by one, in our order. Not MS_SYNCHRONOUS: with it FAT writes
    // two sectors of its table for each cluster of a file, 118,000 writes for a boot image of 14
    // MiB.
    const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_DIRSYNC |
                                static_cast<unsigned long>(writable ? 0 : MS_RDONLY);
    for (unsigned attempt = 0; mount_busy(device, directory, flags) &&
                               (writable || shared_view_busy(device, directory, flags));
         ++attempt) {
        if (attempt == retries)
            throw Error("cannot mount '" + device + "': somebody else keeps it mounted");
        ::usleep(retry_after);
    }
}

EspMount::~EspMount() {
    ::umount2(directory_.c_str(), MNT_DETACH);
}

} // namespace quoin
