// SPDX-License-Identifier: Apache-2.0
// libcurl's easy interface. Redirects are followed here rather than by libcurl, because its options
// can say which protocols a redirect may go to, but not "from https never back to http".
#include "agent/fetch/http_client.hpp"

#include "agent/fetch/content_range.hpp"
#include "agent/fetch/header_file.hpp"
#include "base/handle.hpp"
#include "base/units.hpp"

#include <algorithm>
#include <curl/curl.h>
#include <exception>
#include <string_view>

namespace quoin {

namespace {

constexpr int most_redirects = 8;
constexpr std::size_t most_shown = 200;              ///< of a redirect's target that is no URL
constexpr std::uint64_t most_ignored = 64 * KiB;     ///< of an error page, to keep the connection
constexpr std::chrono::seconds most_patience{86400}; ///< Retry-After may be 64 bits long
constexpr long certificate_not_yet_valid = 9;        ///< X509_V_ERR_CERT_NOT_YET_VALID of OpenSSL

std::string header(CURL* curl, const char* name) {
    struct curl_header* found = nullptr;
    if (curl_easy_header(curl, name, 0, CURLH_HEADER, -1, &found) != CURLHE_OK)
        return {};
    return found->value;
}

HttpResponse read_response(CURL* curl) {
    HttpResponse response;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &response.status);
    response.etag = header(curl, "ETag");
    response.last_modified = header(curl, "Last-Modified");
    if (response.status == 206 || response.status == 416) {
        if (const auto range = ContentRange::parse(header(curl, "Content-Range"))) {
            response.first = range->first;
            response.file_size = range->size;
        }
    } else if (response.status == 200) {
        curl_off_t length = -1;
        curl_easy_getinfo(curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
        if (length >= 0)
            response.file_size = static_cast<std::uint64_t>(length);
    }
    curl_off_t retry_after = 0;
    curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after);
    response.retry_after =
        std::clamp(std::chrono::seconds(retry_after), std::chrono::seconds(0), most_patience);
    return response;
}

/// For messages: without user name, password and query, which may be secrets.
std::string shown(std::string_view location) {
    location = location.substr(0, location.find_first_of("?#"));
    location.remove_prefix(location.rfind('@') + 1); // npos + 1 is 0
    return "'" + std::string(location.substr(0, most_shown)) + "'";
}

/// Where a redirect of `from` leads. What is wrong with it is the server's mistake.
Url redirect_target(const Url& from, const std::string& location, const std::string& cannot) {
    if (!Url::is_url(location))
        throw refused(cannot + "it redirects to " + shown(location) +
                      ", which is no http or https URL");
    Url target;
    try {
        target = Url::parse(location);
    } catch (const Error& e) {
        throw refused(cannot + "it redirects to " + shown(location) + ": " + e.what());
    }
    if (from.secure && !target.secure)
        throw refused(cannot + "it redirects from https to http");
    return target;
}

bool is_transient(CURLcode code) {
    switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_UNSUPPORTED_PROTOCOL: // an answer that is no HTTP; the URL's scheme was checked
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_PARTIAL_FILE:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_PROXY:
        return true;
    default:
        return false;
    }
}

} // namespace

struct HttpClient::Handles {
    Handle<curl_slist, curl_slist_free_all> headers; ///< the operator's; outlives `curl`
    Handle<CURL, curl_easy_cleanup> curl;
    char message[CURL_ERROR_SIZE] = {};

    void add_header(const std::string& line) {
        curl_slist* const longer = curl_slist_append(headers.get(), line.c_str());
        if (longer == nullptr)
            throw std::bad_alloc();
        (void)headers.release(); // it is part of the longer one
        headers.reset(longer);
    }
};

/// One request as the callbacks see it.
struct HttpClient::Exchange {
    CURL* curl;
    const HttpHandlers& handlers;
    std::atomic<std::uint64_t>& bytes;
    std::uint64_t most_bytes;
    std::uint64_t spent;
    HttpResponse response;
    std::uint64_t ignored = 0;
    bool announced = false;
    bool stopped = false;
    std::exception_ptr thrown;

    void announce() {
        if (announced)
            return;
        announced = true;
        response = read_response(curl);
        if (response.has_content() && !handlers.response(response))
            stopped = true;
    }

    bool take(ByteView data) {
        bytes += data.size();
        if (bytes > most_bytes - spent)
            throw over_budget(most_bytes);
        announce();
        if (stopped)
            return false;
        if (!response.has_content()) {
            ignored += data.size();
            stopped = ignored > most_ignored;
        } else {
            stopped = !handlers.body(data);
        }
        return !stopped;
    }

    /// CURLOPT_WRITEFUNCTION: no exception may pass through C.
    static std::size_t on_body(char* data, std::size_t, std::size_t size, void* self) {
        auto& exchange = *static_cast<Exchange*>(self);
        try {
            return exchange.take({reinterpret_cast<const std::uint8_t*>(data), size}) ? size : 0;
        } catch (...) {
            exchange.thrown = std::current_exception();
            return 0;
        }
    }

    /// CURLOPT_XFERINFOFUNCTION
    static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
        auto& exchange = *static_cast<Exchange*>(self);
        try {
            exchange.stopped = exchange.stopped || exchange.handlers.abandoned();
            return exchange.stopped ? 1 : 0;
        } catch (...) {
            exchange.thrown = std::current_exception();
            return 1;
        }
    }
};

HttpClient::HttpClient(Url url, const FetchOptions& options)
    : url_(std::move(url)), most_bytes_(options.most_bytes),
      spent_(std::min(options.spent, options.most_bytes)), handles_(std::make_unique<Handles>()) {
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    handles_->curl.reset(curl_easy_init());
    CURL* const curl = handles_->curl.get();
    if (ready != CURLE_OK || curl == nullptr)
        throw Error("cannot fetch '" + url_.shown + "': libcurl does not start");
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, handles_->message);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    // What is for a server is not for the proxy that leads to it: CONNECT goes without the headers.
    curl_easy_setopt(curl, CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "quoin-agent/" QUOIN_VERSION);
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 20L);
    // Its resolver is a thread that nothing interrupts: who gives up leaves it behind.
    curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, static_cast<long>(receive_size));
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, static_cast<long>(options.slowest));
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.stall.count()));
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Exchange::on_body);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &Exchange::on_progress);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    if (!options.certificates.empty())
        curl_easy_setopt(curl, CURLOPT_CAINFO, options.certificates.c_str());
    if (options.proxy)
        curl_easy_setopt(curl, CURLOPT_PROXY, options.proxy->c_str());
    if (!options.headers.empty())
        for (const std::string& line : read_header_file(options.headers))
            handles_->add_header(line);
}

HttpClient::~HttpClient() = default;

HttpResult HttpClient::request(const Url& url, const HttpHandlers& handlers) {
    CURL* const curl = handles_->curl.get();
    // Only the server that the operator named may see what the operator gave for it.
    const bool known = url.origin == url_.origin;
    const bool login = known && !url_.user.empty();
    curl_easy_setopt(curl, CURLOPT_USERNAME, login ? url_.user.c_str() : nullptr);
    curl_easy_setopt(curl, CURLOPT_PASSWORD, login ? url_.password.c_str() : nullptr);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, known ? handles_->headers.get() : nullptr);
    curl_easy_setopt(curl, CURLOPT_URL, url.text.c_str());

    Exchange exchange{curl, handlers, bytes_, most_bytes_, spent_, {}, 0, false, false, nullptr};
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &exchange);
    handles_->message[0] = '\0';
    ++requests_;
    const CURLcode code = curl_easy_perform(curl);
    if (exchange.thrown)
        std::rethrow_exception(exchange.thrown);
    exchange.announce(); // an answer without a body

    HttpResult result;
    result.response = exchange.response;
    if (code != CURLE_OK && !exchange.stopped) {
        result.problem =
            handles_->message[0] != '\0' ? handles_->message : curl_easy_strerror(code);
        result.transient = is_transient(code);
        // That message shows the URL, with its password; and time does not mend it.
        if (result.problem.starts_with("Unsupported proxy")) {
            result.problem = "the proxy's URL cannot be used; it is that of [fetch] proxy, or of "
                             "the environment";
            result.transient = false;
        }
        curl_easy_getinfo(curl, CURLINFO_HTTP_CONNECTCODE, &result.proxy_status);
        long verified = 0;
        curl_easy_getinfo(curl, CURLINFO_SSL_VERIFYRESULT, &verified);
        result.clock_behind =
            code == CURLE_PEER_FAILED_VERIFICATION && verified == certificate_not_yet_valid;
    }
    return result;
}

HttpResult HttpClient::get(std::uint64_t offset, std::uint64_t size, const HttpHandlers& handlers) {
    CURL* const curl = handles_->curl.get();
    const std::string range = std::to_string(offset) + "-" + std::to_string(offset + (size - 1));
    curl_easy_setopt(curl, CURLOPT_RANGE, range.c_str());

    Url url = url_;
    for (int redirects = 0; redirects <= most_redirects; ++redirects) {
        HttpResult result = request(url, handlers);
        const char* next = nullptr;
        curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &next);
        if (next == nullptr || !result.problem.empty())
            return result;
        url = redirect_target(url, next, "cannot fetch '" + url_.shown + "': ");
    }
    HttpResult result;
    result.problem = "more than " + std::to_string(most_redirects) + " redirects";
    return result;
}

} // namespace quoin
