// SPDX-License-Identifier: Apache-2.0
// Web servers on the loopback, for tests: a real one, and one that misbehaves.
#pragma once

#include "base/file.hpp"
#include "base/process.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace quoin::test {

/// nginx serving a directory over HTTP and HTTPS until this object dies; below "token/" only to who
/// sends "X-Token: secret".
class Nginx {
  public:
    /// Its certificate is valid from `valid_in` from now on.
    explicit Nginx(const std::string& directory,
                   std::chrono::seconds valid_in = std::chrono::seconds(0));
    /// False when nginx is not installed: print why() and skip.
    [[nodiscard]] static bool available();

    [[nodiscard]] std::string url(const std::string& file) const;
    [[nodiscard]] std::string secure_url(const std::string& file) const;
    /// PEM file that vouches for the server.
    [[nodiscard]] std::string certificate() const;
    /// Lines of the access log: one a request, "PROTOCOL STATUS RANGE". Waits until there are
    /// `expected` of them, since nginx writes a line after the client has the answer; not for long.
    [[nodiscard]] std::vector<std::string> log(std::size_t expected) const;

  private:
    TemporaryDirectory own_;
    unsigned port_;
    unsigned secure_port_;
    std::unique_ptr<StreamingProcess> process_;
};

/// tests/support/bad_server.py serving one file; the path of a URL says how.
class BadServer {
  public:
    explicit BadServer(const std::string& file);
    [[nodiscard]] std::string url(const std::string& behaviour) const;
    [[nodiscard]] std::string port() const { return std::to_string(port_); }

  private:
    TemporaryDirectory own_;
    std::unique_ptr<StreamingProcess> process_;
    unsigned port_ = 0;
};

/// tests/support/connect_proxy.py: through it goes what is for HTTPS servers on the loopback.
class ConnectProxy {
  public:
    /// With a status it refuses everything.
    explicit ConnectProxy(const std::string& refusal = {});
    [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    /// Request lines and headers that were meant for the proxy, or that it could read.
    [[nodiscard]] std::string seen() const;

  private:
    TemporaryDirectory own_;
    std::unique_ptr<StreamingProcess> process_;
    unsigned port_ = 0;
};

} // namespace quoin::test
