// SPDX-License-Identifier: Apache-2.0
// What is mounted before systemd, and how.
#pragma once

#include <string>
#include <vector>

namespace quoin::early {

/// Where the root lies until it becomes "/".
inline const std::string sysroot = "/sysroot";

inline const std::string efi_variables_directory = "/sys/firmware/efi/efivars";

/// mount(2). Throws Error(failed) "cannot mount 'source' at 'target': cause".
void mount_at(const std::string& source, const std::string& target, const std::string& type,
              unsigned long flags, const std::string& options = "");

/// /proc, /sys and /dev.
void mount_kernel_file_systems();

/// EFI variables. Without EFI nothing is done. Returns a note when the kernel cannot show them:
/// then a counted try is taken for a confirmed system.
[[nodiscard]] std::vector<std::string> mount_efi_variables();

/// The squashfs on `device` at /sysroot.
void mount_root(const std::string& device);

/// /run, and over /etc and /var of the image a layer in memory that is gone with the next boot:
/// a quarter of the memory at most, so that a runaway log cannot take all of it.
void mount_volatile_layers();

} // namespace quoin::early
