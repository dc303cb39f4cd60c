// SPDX-License-Identifier: Apache-2.0
// A bundle on a web server.
#pragma once

#include "agent/fetch/byte_pipe.hpp"
#include "agent/fetch/http_client.hpp"

#include <thread>

namespace quoin {

/// Downloads each range on a thread of its own, at most 512 KiB ahead of the reader. A broken
/// transfer goes on at the next missing byte. Servers that answer a range with the whole file are
/// read up to and through it. ETag, date and length of the first answer must be those of every
/// later one, the date only where no strong ETag is the same; of a 416 the length alone.
class HttpSource final : public BundleSource {
  public:
    HttpSource(Url url, FetchOptions options);
    ~HttpSource() override;
    HttpSource(const HttpSource&) = delete;
    HttpSource& operator=(const HttpSource&) = delete;

    void start(std::uint64_t offset, std::uint64_t size) override;
    [[nodiscard]] std::size_t read(ByteSpan out) override;
    [[nodiscard]] std::optional<std::uint64_t> size() const override;
    void expect_size(std::uint64_t size) override;
    void limit(std::uint64_t more) override;
    [[nodiscard]] bool seekable() const override;
    [[nodiscard]] std::uint64_t requests() const override { return client_.requests(); }
    [[nodiscard]] std::uint64_t bytes() const override { return client_.bytes(); }
    [[nodiscard]] const std::string& name() const override { return name_; }

  private:
    /// What is known of the file behind the URL; shared by both threads.
    struct File {
        bool contacted = false; ///< some server answered something
        bool seen = false;      ///< the fields below are of a real answer
        bool seekable = true;
        std::string etag;
        std::string last_modified;
        std::optional<std::uint64_t> size; ///< as it was said, else as it is expected
    };

    void give_up();
    void check_cancelled() const;

    // On the downloading thread.
    struct Transfer;
    struct Setback;
    void download(BytePipe& pipe, std::uint64_t next, std::uint64_t end);
    /// One request. Nothing when the transfer came to its end or nobody wants it any more, else why
    /// it is worth trying again; throws when it is not.
    [[nodiscard]] std::optional<Setback> request(Transfer& transfer, BytePipe& pipe);
    /// Both throw changed() when the answer is not of the file that the first one was of.
    void compare_size(const HttpResponse& response) const;
    void compare(const HttpResponse& response);
    [[nodiscard]] SourceChanged changed() const;
    [[nodiscard]] bool ends(Transfer& transfer, const HttpResult& result) const;
    [[nodiscard]] std::string judge(const HttpResult& result) const;
    /// Waits as long as the rate limit wants before `size` more bytes are taken. libcurl's own
    /// limit lets megabytes through first. False when the reader went meanwhile.
    [[nodiscard]] bool pace(std::size_t size, BytePipe& pipe);
    /// Before the next try. False when the reader went meanwhile; throws when no time is left.
    [[nodiscard]] bool pause(const Setback& setback, std::chrono::milliseconds least,
                             BytePipe& pipe);
    [[nodiscard]] std::chrono::steady_clock::time_point deadline() const;

    std::string name_;
    FetchOptions options_;
    std::chrono::steady_clock::time_point opened_;
    std::chrono::steady_clock::time_point next_take_{}; ///< by the rate limit
    HttpClient client_;
    mutable std::mutex file_mutex_;
    File file_;
    std::unique_ptr<BytePipe> pipe_;
    std::thread thread_;
};

} // namespace quoin
