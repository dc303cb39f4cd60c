// SPDX-License-Identifier: Apache-2.0
// journald's Varlink interface (https://varlink.org): one JSON object that ends in a zero byte each
// way; this is what `journalctl --sync` does.
#include "agent/steps/journal.hpp"

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/file.hpp"

#include <algorithm>
#include <array>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace quoin {

namespace {

constexpr timeval patience{10, 0};
constexpr std::string_view request = "{\"method\":\"io.systemd.Journal.Synchronize\"}";

UniqueFd connect_to(const std::string& path) {
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path))
        return {};
    std::copy(path.begin(), path.end(), address.sun_path);
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
        return {};
    return fd;
}

} // namespace

bool sync_journal(const std::string& socket_path) {
    const UniqueFd fd = connect_to(socket_path);
    if (!fd)
        return false;
    const std::size_t size = request.size() + 1; // with the literal's own zero byte
    if (::send(fd.get(), request.data(), size, MSG_NOSIGNAL) != static_cast<ssize_t>(size))
        return false;
    std::array<char, 256> reply{};
    std::string answer;
    while (answer.find('\0') == std::string::npos && answer.size() < 4096) {
        const auto count = ::recv(fd.get(), reply.data(), reply.size(), 0);
        if (count <= 0)
            return false;
        answer.append(reply.data(), static_cast<std::size_t>(count));
    }
    return answer.find("\"error\"") == std::string::npos;
}

} // namespace quoin
