// SPDX-License-Identifier: Apache-2.0
#include "agent/steps/watch.hpp"

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/terminal.hpp"

#include <array>
#include <cerrno>
#include <linux/netlink.h>
#include <sys/mman.h>
#include <sys/socket.h>

namespace quoin {

namespace {

/// The kernel's own events, not what udev makes of them: udev may hang on the same damage.
constexpr unsigned kernel_group = 1;

UniqueFd listen_for_uevents() {
    UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT));
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = kernel_group;
    if (!fd || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
        throw system_error("cannot listen for kernel events");
    return fd;
}

} // namespace

void wait_for_corruption(const RootDevice& device) {
    if (::mlockall(MCL_CURRENT | MCL_FUTURE) != 0)
        say_warning("cannot lock the agent into memory, watching all the same");
    // Listening comes before the first look, so that nothing falls between the two.
    const UniqueFd events = listen_for_uevents();
    std::array<char, 8192> buffer{};
    while (!root_is_corrupted(device)) {
        bool reported = false;
        while (!reported) {
            sockaddr_nl sender{};
            socklen_t length = sizeof(sender);
            const auto count = ::recvfrom(events.get(), buffer.data(), buffer.size(), 0,
                                          reinterpret_cast<sockaddr*>(&sender), &length);
            if (count < 0 && errno == ENOBUFS)
                break; // events were lost: look again
            if (count < 0 && errno != EINTR)
                throw system_error("cannot read kernel events");
            reported = count > 0 && sender.nl_pid == 0 && // the kernel
                       reports_corruption({buffer.data(), static_cast<std::size_t>(count)}, device);
        }
        if (reported)
            return;
    }
}

} // namespace quoin
