// SPDX-License-Identifier: Apache-2.0
// The kernel's device node of a partition that the table lists.
#pragma once

#include "disk/gpt.hpp"

#include <string>

namespace quoin {

/// "/dev/vda2" for partition 2 of "/dev/vda", found through sysfs. Throws Error(failed) when the
/// kernel knows no such partition, or at another place than the table says.
[[nodiscard]] std::string partition_device(const std::string& disk, const Partition& partition);

} // namespace quoin
