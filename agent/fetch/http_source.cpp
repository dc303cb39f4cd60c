// SPDX-License-Identifier: Apache-2.0
// The policy of fetching over a network that fails: what to believe, what to try again, when to
// stop.
#include "agent/fetch/http_source.hpp"

#include "base/terminal.hpp"
#include "base/units.hpp"

#include <algorithm>

namespace quoin {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t read_ahead = 512 * KiB;
constexpr std::chrono::milliseconds longest_pause_for_clock{4'000};
constexpr unsigned equal_cuts = 3; ///< no accident any more: each costs the whole body anew

bool differ(const std::string& left, const std::string& right) {
    return !left.empty() && !right.empty() && left != right;
}

/// Two equal ETags that are strong: the same bytes, whatever else is said (RFC 9110, 8.8.1 and
/// 8.8.3.2, which is also how If-Range compares, 13.1.5). Mirrors date one file differently.
bool match_strongly(const std::string& left, const std::string& right) {
    return !left.empty() && left == right && !left.starts_with("W/");
}

/// What came from the network as an answer may come from a busy server, a gateway that does not
/// reach it (502, 504, Cloudflare's 520 to 530) or a portal that wants a login first (511): all of
/// RFC 9110, 15.6 but what is about the request itself.
bool is_transient(long status) {
    switch (status) {
    case 408: // Request Timeout
    case 425: // Too Early
    case 429: // Too Many Requests
        return true;
    case 501: // Not Implemented
    case 505: // HTTP Version Not Supported
        return false;
    default:
        return status >= 500 && status < 600;
    }
}

std::string describe(long status) {
    const std::string answers = " answers with status " + std::to_string(status);
    const std::string server = "the server, or a proxy before it," + answers;
    switch (status) {
    case 401:
        return server + ": it wants user name and password, in the URL or by [fetch] headers";
    case 403:
        return server + ": it forbids access; check the URL, user name, password and headers";
    case 404:
    case 410:
        return server + ": there is no such file; check the URL";
    case 407:
        return "the proxy" + answers + ": it wants user name and password, in [fetch] proxy";
    default:
        return server;
    }
}

} // namespace

/// A range on its way from the body of an answer into the pipe.
struct HttpSource::Transfer {
    std::uint64_t next; ///< in the file: what the reader gets next
    std::uint64_t end;
    std::uint64_t place = 0;  ///< in the file: the body's next byte
    bool whole_file = false;  ///< the server ignores ranges
    std::string problem;      ///< what kept the last request from its end
    std::uint64_t cut_at = 0; ///< in the file: where bodies without a length ended
    unsigned cuts = 0;        ///< one after the other, there

    /// False when the body is not where it was asked for.
    bool begin(const HttpResponse& response) {
        whole_file = response.status == 200;
        place = whole_file ? 0 : next;
        return whole_file || response.first == next;
    }

    /// A body without a length has ended: was it cut off, or does the file end there?
    bool ends_for_good() {
        cuts = place == cut_at ? cuts + 1 : 1;
        cut_at = place;
        return cuts == equal_cuts;
    }

    /// False when no more of the body is wanted.
    bool take(ByteView data, BytePipe& pipe) {
        const auto before = std::min<std::uint64_t>(data.size(), next - std::min(place, next));
        place += data.size();
        data = data.subspan(before);
        const bool surplus = data.size() > end - next;
        data = data.first(surplus ? static_cast<std::size_t>(end - next) : data.size());
        if (!pipe.push(data))
            return false;
        next += data.size();
        // A range that ends where it was asked to is read to its end, to keep the connection.
        return next < end || (!whole_file && !surplus);
    }
};

/// What kept a transfer from its end and may not the next time.
struct HttpSource::Setback {
    std::string problem;
    std::chrono::milliseconds server_wants{0}; ///< Retry-After
    bool clock_behind = false;
};

HttpSource::HttpSource(Url url, FetchOptions options)
    : name_(url.shown), options_(std::move(options)), opened_(Clock::now()),
      client_(std::move(url), options_) {}

HttpSource::~HttpSource() {
    give_up();
}

void HttpSource::give_up() {
    if (!thread_.joinable())
        return;
    pipe_->abandon();
    thread_.join();
}

void HttpSource::start(std::uint64_t offset, std::uint64_t size) {
    give_up();
    pipe_ = std::make_unique<BytePipe>(read_ahead);
    if (size > UINT64_MAX - offset)
        throw refused("cannot fetch '" + name_ + "': the range does not fit 64 bits");
    thread_ = std::thread([this, pipe = pipe_.get(), offset, size] {
        try {
            download(*pipe, offset, offset + size);
            pipe->finish();
        } catch (...) {
            pipe->finish(std::current_exception());
        }
    });
}

void HttpSource::check_cancelled() const {
    if (options_.cancelled && options_.cancelled())
        throw Error(ErrorCode::cancelled, "cannot fetch '" + name_ + "': cancelled");
}

std::size_t HttpSource::read(ByteSpan out) {
    check_cancelled();
    return pipe_->pop(out, [this] { check_cancelled(); });
}

std::optional<std::uint64_t> HttpSource::size() const {
    const std::lock_guard lock(file_mutex_);
    return file_.size;
}

void HttpSource::expect_size(std::uint64_t size) {
    const std::lock_guard lock(file_mutex_);
    if (!file_.size)
        file_.size = size;
}

void HttpSource::limit(std::uint64_t more) {
    give_up();
    client_.limit(more);
}

bool HttpSource::seekable() const {
    const std::lock_guard lock(file_mutex_);
    return file_.seekable;
}

SourceChanged HttpSource::changed() const {
    return SourceChanged("cannot fetch '" + name_ + "': the file changed meanwhile");
}

Clock::time_point HttpSource::deadline() const {
    const std::lock_guard lock(file_mutex_);
    return opened_ + (file_.contacted ? options_.deadline
                                      : std::min(options_.first_contact, options_.deadline));
}

void HttpSource::compare_size(const HttpResponse& response) const {
    const auto known = size();
    if (known && response.file_size && *known != *response.file_size)
        throw changed();
}

void HttpSource::compare(const HttpResponse& response) {
    compare_size(response);
    const std::lock_guard lock(file_mutex_);
    file_.contacted = true;
    file_.seekable = response.status == 206;
    if (!file_.seen) {
        file_.seen = true;
        file_.etag = response.etag;
        file_.last_modified = response.last_modified;
        if (response.file_size)
            file_.size = response.file_size;
        return;
    }
    if (match_strongly(file_.etag, response.etag))
        return;
    if (differ(file_.etag, response.etag) || differ(file_.last_modified, response.last_modified))
        throw changed();
}

bool HttpSource::ends(Transfer& transfer, const HttpResult& result) const {
    if (!result.problem.empty())
        return false;
    const auto known = size();
    if (result.response.status == 416) {
        const auto end = known ? known : result.response.file_size;
        return !end || transfer.next >= *end;
    }
    if (!result.response.has_content())
        return false;
    if (!known)
        return result.response.status == 200;
    const bool unsaid = result.response.status == 200 && !result.response.file_size;
    return transfer.next >= *known || (unsaid && transfer.ends_for_good());
}

std::string HttpSource::judge(const HttpResult& result) const {
    const std::string cannot = "cannot fetch '" + name_ + "': ";
    if (result.clock_behind)
        return result.problem + " (or the clock of this node is behind)";
    if (!result.problem.empty()) {
        // libcurl calls both a broken connection to the proxy and its refusal a failure to receive.
        const bool proxy_refuses = result.proxy_status >= 400 && !is_transient(result.proxy_status);
        if (!result.transient || proxy_refuses)
            throw Error(cannot + result.problem);
        return result.problem;
    }
    const long status = result.response.status;
    if (result.response.has_content())
        return "the server ended the transfer early";
    if (is_transient(status))
        return describe(status);
    if (status == 416)
        throw refused(cannot + "the server does not have the range it announced");
    throw Error(cannot + describe(status));
}

std::optional<HttpSource::Setback> HttpSource::request(Transfer& transfer, BytePipe& pipe) {
    const std::uint64_t before = transfer.next;
    bool late = false;
    bool unplaced = false;
    HttpHandlers handlers;
    handlers.response = [&](const HttpResponse& response) {
        unplaced = response.status == 206 && !response.first;
        if (unplaced)
            return false;
        compare(response);
        if (!transfer.begin(response))
            throw refused("cannot fetch '" + name_ + "': the server sent another range");
        return true;
    };
    handlers.body = [&](ByteView data) {
        return pace(data.size(), pipe) && transfer.take(data, pipe);
    };
    handlers.abandoned = [&] {
        late = Clock::now() > deadline();
        return late || pipe.abandoned();
    };
    const HttpResult result = client_.get(transfer.next, transfer.end - transfer.next, handlers);
    // A file that became too short for the range; the other headers may be the error page's own.
    if (result.response.status == 416)
        compare_size(result.response);
    if (transfer.next == transfer.end || pipe.abandoned() || (!unplaced && ends(transfer, result)))
        return std::nullopt;
    if (result.response.status != 0 || result.clock_behind) {
        const std::lock_guard lock(file_mutex_);
        file_.contacted = true;
    }
    Setback setback{"", result.response.retry_after, result.clock_behind};
    if (unplaced)
        setback.problem = "the server does not say which range it sends";
    else if (!late)
        setback.problem = judge(result);
    else if (transfer.next == before && !transfer.problem.empty())
        setback.problem = transfer.problem; // cut short, this request knows no better
    else
        setback.problem = "the transfer is too slow";
    return setback;
}

bool HttpSource::pace(std::size_t size, BytePipe& pipe) {
    if (options_.fastest == 0)
        return true;
    const auto now = Clock::now();
    const auto start = std::max(now, next_take_);
    const double seconds = static_cast<double>(size) / static_cast<double>(options_.fastest);
    next_take_ =
        start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(start - now);
    return !pipe.wait_abandoned(wait);
}

bool HttpSource::pause(const Setback& setback, std::chrono::milliseconds least, BytePipe& pipe) {
    const auto text = [](Clock::duration duration) {
        return format_duration(std::chrono::duration<double>(duration).count());
    };
    const auto server_wants = std::min(setback.server_wants, longest_pause);
    auto wait = std::max(least, server_wants);
    auto limit = deadline();
    if (setback.clock_behind) {
        // A clock is set within seconds once the network is there.
        wait = std::min(wait, longest_pause_for_clock);
        limit = opened_ + std::min(options_.clock, options_.deadline);
    }
    const auto left = std::chrono::floor<std::chrono::milliseconds>(limit - Clock::now());
    if (left < std::max(options_.first_pause, server_wants))
        throw Error("cannot fetch '" + name_ + "': " + setback.problem + "; gave up after " +
                    text(Clock::now() - opened_));
    // Of what is left half is for the answer, if the server named no time.
    if (wait > left)
        wait = std::max(left / 2, server_wants);
    // A hiccup is not worth a line, waiting is.
    const auto say = wait < std::chrono::seconds(1) ? say_detail : say_note;
    say("'" + name_ + "': " + printable(setback.problem) + ", trying again in " + text(wait));
    return !pipe.wait_abandoned(wait);
}

void HttpSource::download(BytePipe& pipe, std::uint64_t next, std::uint64_t end) {
    Transfer transfer{next, end};
    auto least = options_.first_pause;
    while (transfer.next < end) {
        const std::uint64_t before = transfer.next;
        const auto setback = request(transfer, pipe);
        if (!setback)
            return;
        transfer.problem = setback->problem;
        if (transfer.next > before)
            least = options_.first_pause;
        if (!pause(*setback, least, pipe))
            return;
        least = std::min(least * 2, longest_pause);
    }
}

} // namespace quoin
