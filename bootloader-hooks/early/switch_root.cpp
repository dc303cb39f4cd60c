// SPDX-License-Identifier: Apache-2.0
#include "early/switch_root.hpp"

#include "base/error.hpp"
#include "base/fd.hpp"
#include "early/directory.hpp"
#include "early/mounts.hpp"

#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <unistd.h>

namespace quoin::early {

/// Everything here is a copy of the initrd in memory. Checked all the same before it is removed:
/// this program started by mistake on a running system must not eat it.
static void free_initrd() {
    struct statfs root {};
    const bool in_memory =
        ::statfs("/", &root) == 0 && (root.f_type == RAMFS_MAGIC || root.f_type == TMPFS_MAGIC);
    if (::getpid() != 1 || !in_memory)
        return;
    const UniqueFd directory = open_file("/", O_RDONLY | O_DIRECTORY);
    for (const std::string name : {"modules", "lib", "persist", "init"})
        remove_tree(directory, name);
}

void switch_root(const std::string& init) {
    free_initrd();
    for (const std::string directory : {"/dev", "/proc", "/sys"})
        mount_at(directory, sysroot + directory, "", MS_MOVE);
    if (::chdir(sysroot.c_str()) != 0)
        throw system_error("cannot enter the root");
    mount_at(".", "/", "", MS_MOVE);
    if (::chroot(".") != 0 || ::chdir("/") != 0)
        throw system_error("cannot enter the root");
    // The kernel put words it did not know into our environment; systemd reads them itself.
    const char* const arguments[] = {init.c_str(), nullptr};
    const char* const environment[] = {"HOME=/", "TERM=linux", nullptr};
    ::execve(init.c_str(), const_cast<char* const*>(arguments),
             const_cast<char* const*>(environment));
    throw system_error("cannot start '" + init + "'");
}

} // namespace quoin::early
