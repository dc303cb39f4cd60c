// SPDX-License-Identifier: Apache-2.0
// One HTTP request for a range of a file: the only place that sees libcurl's transfers. Policy
// (what to do about an answer, when to try again) is http_source.hpp's.
#pragma once

#include "agent/fetch/bundle_source.hpp"
#include "agent/fetch/url.hpp"

#include <atomic>
#include <memory>

namespace quoin {

/// Bytes taken from a connection at once: so many may come that nobody wants.
inline constexpr std::uint64_t receive_size = 16 << 10;

/// What a server said before the body.
struct HttpResponse {
    long status = 0;                        ///< 0: there was no answer
    std::optional<std::uint64_t> first;     ///< place in the file of the body's first byte
    std::optional<std::uint64_t> file_size; ///< of the whole file, where it was said
    std::string etag;
    std::string last_modified;
    std::chrono::seconds retry_after{0}; ///< a day at most
    /// True for 200 and 206: the body is the file's.
    [[nodiscard]] bool has_content() const { return status == 200 || status == 206; }
};

/// Called during a request. They may throw: the exception leaves get().
struct HttpHandlers {
    std::function<bool(const HttpResponse&)> response; ///< once, of 200 and 206, before the body
    std::function<bool(ByteView)> body; ///< of these; false, from both: no more is wanted
    std::function<bool()> abandoned;    ///< asked about once a second; true ends the request
};

/// How a request ended.
struct HttpResult {
    HttpResponse response;
    std::string problem;       ///< empty when the body came to its end or the handlers stopped it
    bool transient = false;    ///< the problem may pass by itself
    long proxy_status = 0;     ///< of the proxy's answer to CONNECT; 0: there was none
    bool clock_behind = false; ///< the server's certificate is not valid yet
};

/// Keeps its connection from one request to the next. Follows up to eight redirects, itself: never
/// from https to http, and without user name, password and the operator's headers where the origin
/// differs. Certificates are verified. Used by one thread at a time.
class HttpClient {
  public:
    /// Reads the file of headers. Throws what that throws.
    HttpClient(Url url, const FetchOptions& options);
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    /// Asks for [offset, offset + size), size positive. What comes may be something else: see the
    /// response. Throws only what the handlers throw, and Error(refused) on a redirect to http
    /// or to what is no URL, or beyond the byte budget.
    [[nodiscard]] HttpResult get(std::uint64_t offset, std::uint64_t size,
                                 const HttpHandlers& handlers);

    /// BundleSource::limit(). Not during get().
    void limit(std::uint64_t more) {
        most_bytes_ = bytes_ + more;
        spent_ = 0;
    }

    [[nodiscard]] std::uint64_t requests() const { return requests_; }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  private:
    struct Handles;
    struct Exchange;
    HttpResult request(const Url& url, const HttpHandlers& handlers);

    Url url_;
    std::uint64_t most_bytes_;
    std::uint64_t spent_;
    std::unique_ptr<Handles> handles_;
    std::atomic<std::uint64_t> requests_{0}; ///< atomic: read by the reporting thread meanwhile
    std::atomic<std::uint64_t> bytes_{0};
};

} // namespace quoin
