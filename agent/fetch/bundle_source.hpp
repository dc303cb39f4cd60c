// SPDX-License-Identifier: Apache-2.0
// Where a bundle's bytes come from: a local file or a web server, behind one interface. A source
// delivers bytes and nothing else: whoever asked for them checks them.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace quoin {

/// Between two tries, however many there were.
inline constexpr std::chrono::milliseconds longest_pause{60'000};

/// How a source goes about it, web servers above all. Only what can pass is tried again: broken
/// connections, servers that are overloaded, names that do not resolve yet. There is no count of
/// tries, only the deadlines.
struct FetchOptions {
    std::chrono::seconds deadline{3600};    ///< for everything, from the source's opening
    std::chrono::seconds first_contact{60}; ///< until a server answered anything at all
    std::chrono::seconds clock{120};        ///< until the server's certificate is valid
    std::chrono::seconds stall{30};         ///< slower than `slowest` for so long: reconnect
    std::uint64_t slowest = 256;            ///< bytes a second
    std::uint64_t fastest = 0;              ///< bytes a second; 0: no limit
    std::chrono::milliseconds first_pause{
        500}; ///< before the first retry; doubles up to `longest_pause`
    std::uint64_t most_bytes = UINT64_MAX; ///< that may be transferred, wanted or not
    std::uint64_t spent = 0;               ///< of these, through sources before this one
    std::string certificates;              ///< PEM file of trusted CAs; empty: the system's
    std::string headers;                   ///< file of request headers; empty: none
    std::optional<std::string> proxy;      ///< its URL, empty for none; absent: the environment's
    std::function<bool()> cancelled;       ///< asked at least once a second; may be empty
};

/// What a source throws before it would transfer more than `most_bytes`: Error(refused).
[[nodiscard]] Error over_budget(std::uint64_t most_bytes);

/// The file behind the URL is another one than at the first request. Nothing read so far may be
/// combined with what comes now; starting over with a new source may help. Error(failed).
class SourceChanged : public Error {
  public:
    explicit SourceChanged(const std::string& message) : Error(message) {}
};

/// One bundle, read in ranges. Not thread-safe. Never asks for, and never delivers, more than the
/// range that was started.
class BundleSource {
  public:
    virtual ~BundleSource() = default;

    /// Starts delivering [offset, offset + size); what was left of an earlier range is given up.
    virtual void start(std::uint64_t offset, std::uint64_t size) = 0;

    /// The same for a range that came damaged: a medium that misread it once may read it right.
    virtual void start_again(std::uint64_t offset, std::uint64_t size) { start(offset, size); }

    /// Puts some of the range's next bytes into `out` (not empty); 0 at the end of the range or of
    /// the file. Throws Error(cancelled), Error(failed) when the deadline passed, Error(refused)
    /// when the server's answers make no sense, SourceChanged.
    [[nodiscard]] virtual std::size_t read(ByteSpan out) = 0;

    /// The size of the file where it is known: for a server, after the first bytes came.
    [[nodiscard]] virtual std::optional<std::uint64_t> size() const = 0;

    /// The size that the file must have, once it is known from what was read. A transfer that ends
    /// before it, from a server that did not say where the file ends, was cut off and goes on.
    virtual void expect_size(std::uint64_t size) = 0;

    /// From now on, whatever FetchOptions::most_bytes was, at most so many bytes more.
    virtual void limit(std::uint64_t more) = 0;

    /// False when reaching an offset means transferring everything before it (a server that ignores
    /// ranges), so that few long ranges are better than many short ones.
    [[nodiscard]] virtual bool seekable() const = 0;

    /// What was transferred so far: every request, every body byte, wanted or not.
    [[nodiscard]] virtual std::uint64_t requests() const = 0;
    [[nodiscard]] virtual std::uint64_t bytes() const = 0;

    /// For messages; without user name and password.
    [[nodiscard]] virtual const std::string& name() const = 0;
};

/// An "http://" or "https://" URL, else a path. Throws Error(failed) when the file cannot be
/// opened, Error(usage) on malformed URLs and on those of other schemes. Connects to nothing yet.
[[nodiscard]] std::unique_ptr<BundleSource> open_source(const std::string& path_or_url,
                                                        const FetchOptions& options = {});

/// Starts the range and reads it until `out` is full or the file ends; the bytes read.
std::size_t read_range(BundleSource& source, std::uint64_t offset, ByteSpan out);

/// Fills `out` from the range already started; Error(refused) "… ends early" when it cannot.
void read_on(BundleSource& source, ByteSpan out);

} // namespace quoin
