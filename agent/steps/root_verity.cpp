// SPDX-License-Identifier: Apache-2.0
// The kernel's side: drivers/md/dm-verity-target.c, verity_handle_err() and verity_status().
#include "agent/steps/root_verity.hpp"

#include "base/error.hpp"
#include "base/fd.hpp"

#include <cstring>
#include <linux/dm-ioctl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace quoin {

namespace {

/// The ioctl's header and room for the status of one target.
struct StatusRequest {
    dm_ioctl header;
    char payload[1024];
};

/// True when one of the zero-separated fields is `wanted`.
bool has_field(std::string_view uevent, std::string_view wanted) {
    while (!uevent.empty()) {
        const std::string_view field = uevent.substr(0, uevent.find('\0'));
        if (field == wanted)
            return true;
        uevent.remove_prefix(std::min(field.size() + 1, uevent.size()));
    }
    return false;
}

} // namespace

RootDevice root_device() {
    struct stat status {};
    if (::stat("/", &status) != 0)
        throw system_error("cannot look at '/'");
    return {major(status.st_dev), minor(status.st_dev)};
}

bool root_is_corrupted(const RootDevice& device) {
    const UniqueFd control = open_file("/dev/mapper/control", O_RDWR);
    StatusRequest request{};
    request.header.version[0] = DM_VERSION_MAJOR;
    request.header.data_size = sizeof(request);
    request.header.data_start = offsetof(StatusRequest, payload);
    request.header.dev = ::makedev(device.major, device.minor);
    if (::ioctl(control.get(), DM_TABLE_STATUS, &request) != 0)
        throw system_error("cannot ask dm-verity about the root");
    dm_target_spec target{};
    std::memcpy(&target, request.payload, sizeof(target));
    if (request.header.target_count != 1 || std::string_view(target.target_type) != "verity")
        throw Error("cannot watch the root: it is not a dm-verity device");
    return request.payload[sizeof(target)] == 'C';
}

bool reports_corruption(std::string_view uevent, const RootDevice& device) {
    return uevent.find("DM_VERITY_ERR_BLOCK_NR=") != std::string_view::npos &&
           has_field(uevent, "MAJOR=" + std::to_string(device.major)) &&
           has_field(uevent, "MINOR=" + std::to_string(device.minor));
}

} // namespace quoin
