// SPDX-License-Identifier: Apache-2.0
// What dm-verity knows of the root that this process runs from.
#pragma once

#include <string>
#include <string_view>

namespace quoin {

/// The device behind "/". Throws Error(failed) when that is no device-mapper device.
struct RootDevice {
    unsigned major = 0;
    unsigned minor = 0;
};
[[nodiscard]] RootDevice root_device();

/// True when dm-verity has met a block that does not fit the root hash since the device was set up.
[[nodiscard]] bool root_is_corrupted(const RootDevice& device);

/// True when a kernel uevent (fields separated by zero bytes) says that dm-verity has just met such
/// a block of this device. Pure.
[[nodiscard]] bool reports_corruption(std::string_view uevent, const RootDevice& device);

} // namespace quoin
