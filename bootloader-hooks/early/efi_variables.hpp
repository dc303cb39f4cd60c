// SPDX-License-Identifier: Apache-2.0
// What the boot loader left in EFI variables (https://systemd.io/BOOT_LOADER_INTERFACE). Read,
// never written.
#pragma once

#include "base/bytes.hpp"

#include <optional>
#include <string>

namespace quoin::early {

/// What systemd-boot says about this boot.
struct LoaderReport {
    std::optional<Uuid> esp; ///< LoaderDevicePartUUID: the ESP that the loader was started from
    bool counted = false;    ///< LoaderBootCountPath exists: this boot is a counted try
};

/// Reads both variables. Without EFI, or under a loader that sets none or what cannot be read, an
/// empty report.
[[nodiscard]] LoaderReport read_loader_report(const std::string& efivars_directory);

/// The UUID in the content of an efivarfs file: four bytes of attributes, then 36 characters as
/// UTF-16LE, with or without a terminating zero. Nothing when it is not that.
[[nodiscard]] std::optional<Uuid> uuid_from_variable(ByteView content);

} // namespace quoin::early
