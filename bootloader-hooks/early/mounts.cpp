// SPDX-License-Identifier: Apache-2.0
#include "early/mounts.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "early/copy_tree.hpp"
#include "early/directory.hpp"

#include <sys/mount.h>

namespace quoin::early {

void mount_at(const std::string& source, const std::string& target, const std::string& type,
              unsigned long flags, const std::string& options) {
    if (::mount(source.c_str(), target.c_str(), type.c_str(), flags, options.c_str()) != 0)
        throw system_error("cannot mount '" + source + "' at '" + target + "'");
}

void mount_kernel_file_systems() {
    for (const char* directory : {"/proc", "/sys", "/dev"})
        make_directory(directory);
    // With the flags that systemd would use: it keeps what it finds mounted.
    mount_at("devtmpfs", "/dev", "devtmpfs", MS_NOSUID | MS_STRICTATIME, "mode=0755");
    mount_at("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC);
    mount_at("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC);
}

std::vector<std::string> mount_efi_variables() {
    if (!exists(efi_variables_directory))
        return {};
    try {
        mount_at("efivarfs", efi_variables_directory, "efivarfs", MS_NOSUID | MS_NODEV | MS_NOEXEC);
        return {};
    } catch (const Error& e) {
        return {e.what()};
    }
}

void mount_root(const std::string& device) {
    make_directory(sysroot);
    mount_at(device, sysroot, "squashfs", MS_RDONLY | MS_NODEV);
}

void mount_volatile_layers() {
    mount_at("tmpfs", sysroot + "/run", "tmpfs", MS_NOSUID | MS_NODEV | MS_STRICTATIME,
             "mode=0755,size=20%,nr_inodes=800k");
    const std::string quoin = sysroot + "/run/quoin";
    const std::string layers = quoin + "/volatile";
    make_directory(quoin);
    make_directory(layers);
    mount_at("tmpfs", layers, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700,size=25%");
    for (const std::string name : {"etc", "var"}) {
        const std::string lower = sysroot + "/" + name;
        const std::string upper = layers + "/" + name;
        const std::string work = layers + "/" + name + ".work";
        make_directory(upper);
        make_directory(work);
        // The directory itself shows as it is in the upper layer.
        copy_metadata(open_file(lower, O_RDONLY | O_DIRECTORY),
                      open_file(upper, O_RDONLY | O_DIRECTORY), upper);
        mount_at("overlay", lower, "overlay", MS_NOSUID | MS_NODEV,
                 "lowerdir=" + lower + ",upperdir=" + upper + ",workdir=" + work);
    }
}

} // namespace quoin::early
