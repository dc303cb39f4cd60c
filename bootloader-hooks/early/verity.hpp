// SPDX-License-Identifier: Apache-2.0
// dm-verity through the kernel's own interface (linux/dm-ioctl.h), since neither libdevmapper nor
// udev is here.
#pragma once

#include "early/command_line.hpp"

#include <string>

namespace quoin::early {

/// What becomes of a read that does not match the root hash.
enum class OnCorruption {
    fail,    ///< EIO to the reader: a confirmed system reports it and stays up
    restart, ///< reboot at once, so that a counted try burns
};

/// The parameters of the dm target, as in the kernel's Documentation/admin-guide/device-mapper/
/// verity.rst. Devices are paths; the tree starts in block 1, behind libcryptsetup's superblock.
[[nodiscard]] std::string verity_parameters(const CommandLine& line, const std::string& data_device,
                                            const std::string& hash_device,
                                            OnCorruption on_corruption);

/// Opens the root read-only as device "root", with the UUID that libcryptsetup would give it so
/// that its tools recognise it, and returns its node "/dev/dm-0", to which /dev/mapper/root points.
/// Throws Error(failed).
[[nodiscard]] std::string open_verity(const CommandLine& line, const std::string& data_device,
                                      const std::string& hash_device, OnCorruption on_corruption);

} // namespace quoin::early
