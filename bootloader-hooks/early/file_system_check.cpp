// SPDX-License-Identifier: Apache-2.0
// The program comes from the verified root, so it is as trusted as what runs next; a check of our
// own would be another e2fsck. It sees the root as "/", with our devices in it.
#include "early/file_system_check.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "early/mounts.hpp"

#include <cerrno>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

namespace quoin::early {

static constexpr const char* program = "/usr/sbin/e2fsck";

// e2fsck's exit status is a sum of these.
static constexpr int mended = 1;
static constexpr int wants_reboot = 2;

/// The devices as the program will see them, gone again with this object.
class DevicesInRoot {
  public:
    DevicesInRoot() { mount_at("/dev", sysroot + "/dev", "", MS_BIND); }
    DevicesInRoot(const DevicesInRoot&) = delete;
    DevicesInRoot& operator=(const DevicesInRoot&) = delete;
    ~DevicesInRoot() { ::umount2((sysroot + "/dev").c_str(), MNT_DETACH); }
};

[[noreturn]] static void become_check(const std::string& device) {
    const char* const arguments[] = {program, "-p", device.c_str(), nullptr};
    if (::chroot(sysroot.c_str()) == 0 && ::chdir("/") == 0)
        ::execv(program, const_cast<char* const*>(arguments));
    ::_exit(127);
}

/// The exit status, or nothing but -1 when it was killed or never ran.
static int run_check(const std::string& device) {
    const pid_t child = ::fork();
    if (child < 0)
        throw system_error("cannot start e2fsck");
    if (child == 0)
        become_check(device);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            throw system_error("cannot wait for e2fsck");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string check_file_system(const std::string& device) {
    try {
        if (!exists(sysroot + program))
            return "the image has no e2fsck to mend it";
        const DevicesInRoot devices;
        const int status = run_check(device);
        if (status == 0)
            return "e2fsck finds nothing wrong with it";
        if ((status & ~(mended | wants_reboot)) == 0)
            return "e2fsck mended it";
        return "e2fsck cannot mend it without somebody to decide (status " +
               std::to_string(status) + ")";
    } catch (const Error& e) {
        return e.what();
    }
}

} // namespace quoin::early
