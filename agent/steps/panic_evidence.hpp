// SPDX-License-Identifier: Apache-2.0
// Did the kernel panic lately? Read from what pstore kept over the reboot.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quoin {

/// Where the kernel offers its records and where systemd-pstore puts them at boot.
[[nodiscard]] const std::vector<std::string>& pstore_directories();

/// The message of a panic that was recorded at or after `since` (seconds since 1970); nothing when
/// there is none or `since` is 0, since without a clock an old record cannot be told from a new
/// one. Oopses that the kernel survived do not count. Unreadable records are passed over.
[[nodiscard]] std::optional<std::string> find_panic(const std::vector<std::string>& directories,
                                                    std::int64_t since);

} // namespace quoin
