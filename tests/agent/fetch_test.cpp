// SPDX-License-Identifier: Apache-2.0
// Sources of bundles: a local file, a real nginx, and a server that misbehaves in every known way.
#include "agent/fetch/bundle_source.hpp"
#include "agent/fetch/byte_pipe.hpp"
#include "agent/fetch/chunk_fetcher.hpp"
#include "agent/fetch/url.hpp"
#include "base/error.hpp"
#include "release_fixture.hpp"
#include "support/catch.hpp"
#include "web_server.hpp"

#include <atomic>
#include <fcntl.h>
#include <filesystem>
#include <iostream>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

using namespace quoin;
using namespace quoin::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

const Bytes served = noise(42, 3'000'001);

/// The same bytes in a file.
class ServedFile {
  public:
    ServedFile() {
        const UniqueFd fd = open_file(path(), O_WRONLY | O_CREAT);
        pwrite_all(fd, served, 0, path());
    }
    [[nodiscard]] std::string directory() const { return directory_.path(); }
    [[nodiscard]] std::string path() const { return directory() + "/file"; }

  private:
    TemporaryDirectory directory_;
};

Bytes fetch(BundleSource& source, std::uint64_t offset, std::size_t size) {
    Bytes out(size);
    out.resize(read_range(source, offset, out));
    return out;
}

Bytes expected(std::size_t offset, std::size_t size) {
    const auto first = served.begin() + static_cast<std::ptrdiff_t>(offset);
    return {first, first + static_cast<std::ptrdiff_t>(size)};
}

FetchOptions impatient() {
    FetchOptions options;
    options.deadline = 5s;
    options.first_contact = 2s;
    options.stall = 1s;
    options.first_pause = 10ms;
    return options;
}

ErrorCode failure(const std::string& url, std::uint64_t offset = 0, std::size_t size = 1000) {
    const auto source = open_source(url, impatient());
    try {
        (void)fetch(*source, offset, size);
    } catch (const Error& e) {
        INFO(e.what());
        return e.code();
    }
    FAIL("fetched");
    return ErrorCode::failed;
}

bool no_nginx() {
    if (Nginx::available())
        return false;
    std::cout << "skipped: nginx is not installed\n";
    return true;
}

void check_ranges(BundleSource& source) {
    CHECK(fetch(source, 0, 16384) == expected(0, 16384));
    CHECK(fetch(source, 16384, 1'500'000) == expected(16384, 1'500'000));
    CHECK(fetch(source, 5, 10) == expected(5, 10));
    CHECK(source.size() == served.size());
    CHECK(fetch(source, served.size() - 7, 100) == expected(served.size() - 7, 7));
    CHECK(fetch(source, served.size(), 100).empty());
}

} // namespace

TEST_CASE("a local file is read in ranges, and ends where it ends") {
    const ServedFile file;
    const auto source = open_source(file.path());
    check_ranges(*source);
    CHECK(source->requests() == 5);
    CHECK(source->bytes() == 16384 + 1'500'000 + 10 + 7);
    CHECK(fetch(*source, UINT64_MAX - 5, 100).empty());
}

TEST_CASE("a damaged block is read from the medium again, not out of memory") {
    const ServedFile file;
    const UniqueFd fd = open_file(file.path(), O_RDWR);
    REQUIRE(::fsync(fd.get()) == 0);
    void* const map = ::mmap(nullptr, served.size(), PROT_READ, MAP_SHARED, fd.get(), 0);
    REQUIRE(map != MAP_FAILED);
    const auto end_in_memory = [&] {
        const std::size_t last_page = (served.size() - 1) / 65536 * 65536;
        unsigned char resident = 0;
        CHECK(::mincore(static_cast<char*>(map) + last_page, 1, &resident) == 0);
        return (resident & 1) == 1;
    };
    const auto source = open_source(file.path());
    CHECK(fetch(*source, 0, served.size()) == served);
    const WantedChunk chunk{{}, 1000, 5000}; // no block has that hash
    ChunkFetcher fetcher(*source, 0, {1, [&](std::size_t) { return chunk; }});
    REQUIRE(end_in_memory());
    CHECK_THROWS_WITH(fetcher.next(), Catch::Contains("byte 5000 is damaged"));
    const bool dropped = !end_in_memory();
    ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_DONTNEED);
    if (end_in_memory())
        std::cout << "skipped: this file system lives in memory\n";
    else
        CHECK(dropped);
    ::munmap(map, served.size());
}

TEST_CASE("what is no file is refused, a pipe without waiting for its writer") {
    CHECK_THROWS_AS(open_source("/"), Error);
    CHECK_THROWS_AS(open_source("/dev/null"), Error);
    CHECK_THROWS_AS(open_source("/nowhere/at/all"), Error);
}

TEST_CASE("nginx serves ranges over HTTP/1.1, on one connection") {
    if (no_nginx())
        return;
    const ServedFile file;
    const Nginx server(file.directory());
    const auto source = open_source(server.url("file"));
    check_ranges(*source);
    CHECK(source->seekable());
    CHECK(source->requests() == 5);
    CHECK(source->bytes() < 16384 + 1'500'000 + 10 + 7 + 1000);
    const auto log = server.log(5);
    REQUIRE(log.size() == 5);
    CHECK(log[0] == "HTTP/1.1 206 bytes=0-16383");
}

TEST_CASE("nginx serves ranges over HTTP/2 with a certificate that is verified") {
    if (no_nginx())
        return;
    const ServedFile file;
    const Nginx server(file.directory());
    FetchOptions options = impatient();
    CHECK_THROWS_AS(fetch(*open_source(server.secure_url("file"), options), 0, 10), Error);
    options.certificates = server.certificate();
    const auto source = open_source(server.secure_url("file"), options);
    check_ranges(*source);
    CHECK(server.log(5).back().substr(0, 12) == "HTTP/2.0 416");
}

TEST_CASE("a redirect from https to http is refused") {
    if (no_nginx())
        return;
    const ServedFile file;
    const Nginx server(file.directory());
    FetchOptions options = impatient();
    options.certificates = server.certificate();
    const auto source = open_source(server.secure_url("to-http/file"), options);
    CHECK_THROWS_AS(fetch(*source, 0, 10), Error);
    CHECK(source->requests() == 1);
    const auto plain = open_source(server.url("to-http/file"), options);
    CHECK(fetch(*plain, 0, 10) == expected(0, 10));
}

TEST_CASE("a server that ignores ranges is read up to and through them") {
    const ServedFile file;
    const BadServer server(file.path());
    for (const char* how : {"no-ranges", "no-length"}) {
        const auto source = open_source(server.url(how), impatient());
        CHECK(fetch(*source, 0, 16384) == expected(0, 16384));
        CHECK_FALSE(source->seekable());
        CHECK(source->bytes() < 200'000);
        CHECK(fetch(*source, 1'000'000, 500'000) == expected(1'000'000, 500'000));
        CHECK(fetch(*source, served.size() - 7, 100) == expected(served.size() - 7, 7));
    }
}

TEST_CASE("dropped connections are taken up again at the next missing byte") {
    const ServedFile file;
    const BadServer server(file.path());
    const auto source = open_source(server.url("drop/200000"), impatient());
    CHECK(fetch(*source, 100, 1'900'000) == expected(100, 1'900'000));
    CHECK(source->requests() == 10);
    CHECK(source->bytes() == 1'900'000);
}

TEST_CASE("a busy server is asked again") {
    const ServedFile file;
    const BadServer server(file.path());
    const auto source = open_source(server.url("busy/3"), impatient());
    CHECK(fetch(*source, 0, 1000) == expected(0, 1000));
    CHECK(source->requests() == 4);
}

TEST_CASE("by a strong ETag the file is the same, whatever date a mirror gives it") {
    const ServedFile file;
    const BadServer server(file.path());
    const auto source = open_source(server.url("mirrors/strong"), impatient());
    CHECK(fetch(*source, 0, 1000) == expected(0, 1000));
    CHECK(fetch(*source, 1000, 1000) == expected(1000, 1000));
}

TEST_CASE("what can pass by itself is asked for again, what cannot is not") {
    const ServedFile file;
    const BadServer server(file.path());
    FetchOptions options = impatient();
    options.stall = 10s; // a slow machine is no setback
    for (const char* how :
         {"408", "429", "500", "502", "503", "504", "507", "509", "511", "520", "521", "522", "523",
          "524", "530", "599", "garbage", "bad-length", "no-place"}) {
        INFO(how);
        const auto source = open_source(server.url(std::string("once/") + how), options);
        Bytes out(1000);
        CHECK_NOTHROW(out.resize(read_range(*source, 500, out)));
        CHECK(out == expected(500, 1000));
        CHECK(source->requests() == 2);
    }
    for (const char* how : {"204", "400", "401", "403", "404", "407", "410", "501", "505", "600"}) {
        INFO(how);
        const auto source = open_source(server.url(std::string("once/") + how), options);
        CHECK_THROWS_AS(fetch(*source, 500, 1000), Error);
        CHECK(source->requests() == 1);
    }
    options.deadline = 1s;
    for (const char* how : {"garbage", "bad-length", "no-place"}) {
        INFO(how);
        const auto source = open_source(server.url(std::string("always/") + how), options);
        CHECK_THROWS_WITH(fetch(*source, 500, 1000), Catch::Contains("gave up after"));
        CHECK(source->bytes() <= source->requests() * 1000);
    }
}

TEST_CASE("an answer without the file says who gave it and what to look at") {
    const ServedFile file;
    const BadServer server(file.path());
    FetchOptions options = impatient();
    options.deadline = 3s;
    for (const auto& [status, words] :
         {std::pair("522", "the server, or a proxy before it, answers with status 522"),
          std::pair("418", "the server, or a proxy before it, answers with status 418"),
          std::pair("401", "user name and password"), std::pair("403", "forbids"),
          std::pair("404", "check the URL"), std::pair("407", "proxy")}) {
        INFO(status);
        const auto source = open_source(server.url(std::string("always/") + status), options);
        CHECK_THROWS_WITH(fetch(*source, 0, 10), Catch::Contains(words) && Catch::Contains(status));
    }
}

TEST_CASE("a server that says when to come again is not asked before, within a minute") {
    const ServedFile file;
    const BadServer server(file.path());
    const auto before = std::chrono::steady_clock::now();
    const auto source = open_source(server.url("later/1"), impatient());
    CHECK(fetch(*source, 0, 1000) == expected(0, 1000));
    CHECK(source->requests() == 2);
    CHECK(std::chrono::steady_clock::now() - before >= 2s);
}

TEST_CASE("a server that says to come after the deadline is given up at once") {
    const ServedFile file;
    const BadServer server(file.path());
    const auto source = open_source(server.url("much-later"), impatient());
    CHECK_THROWS_WITH(fetch(*source, 0, 1000), Catch::Contains("gave up after"));
    CHECK(source->requests() == 1);
}

TEST_CASE("a file that changes between or within ranges is noticed") {
    const ServedFile file;
    const BadServer server(file.path());
    for (const char* how : {"etag/2", "length/2", "date/2", "shorter-once/2", "mirrors/weak"}) {
        INFO(how);
        const auto source = open_source(server.url(how), impatient());
        CHECK(fetch(*source, 0, 1000) == expected(0, 1000));
        CHECK_THROWS_AS(fetch(*source, 1000, 1000), SourceChanged);
    }
}

TEST_CASE("answers that make no sense are refused, final ones not asked for again") {
    const ServedFile file;
    const BadServer server(file.path());
    CHECK(failure(server.url("other-range"), 5) == ErrorCode::refused);
    CHECK(failure(server.url("gone")) == ErrorCode::failed);
    const auto gone = open_source(server.url("gone"), impatient());
    CHECK_THROWS_AS(fetch(*gone, 0, 10), Error);
    CHECK(gone->requests() == 1);
}

TEST_CASE("a server without a range that it must have is refused") {
    const ServedFile file;
    const BadServer server(file.path());
    CHECK(failure(server.url("unsatisfiable/1")) == ErrorCode::refused);
    const BadServer later(file.path());
    const auto source = open_source(later.url("unsatisfiable/2"), impatient());
    CHECK(fetch(*source, 0, 1000) == expected(0, 1000));
    CHECK_THROWS_WITH(fetch(*source, 1000, 1000), Catch::Contains("the range it announced"));
    CHECK(source->requests() == 2);
}

TEST_CASE("a body of unknown length ends where it ends, while nobody knows better") {
    const ServedFile file;
    const BadServer server(file.path());
    const auto source = open_source(server.url("cut/1000"), impatient());
    CHECK(fetch(*source, 500, 5000) == expected(500, 500));
    Bytes out(600);
    source->start(500, out.size());
    try {
        read_on(*source, out);
        FAIL("read");
    } catch (const Error& e) {
        CHECK(e.code() == ErrorCode::refused);
    }
}

TEST_CASE("a body of unknown length that ends before the file does was cut off") {
    const ServedFile file;
    const BadServer server(file.path());
    FetchOptions options = impatient();
    options.stall = 10s; // a slow machine is no setback
    const auto source = open_source(server.url("cut-until/4"), options);
    CHECK(fetch(*source, 0, 1000) == expected(0, 1000));
    source->expect_size(served.size());
    CHECK(fetch(*source, 90'000, 50'000) == expected(90'000, 50'000));
    CHECK(source->requests() == 4);

    const auto always = open_source(server.url("cut/1000"), options);
    always->expect_size(served.size());
    // No accident: such is the file, and each try would cost all of it again.
    CHECK(fetch(*always, 500, 5000) == expected(500, 500));
    CHECK(always->requests() == 3);
}

TEST_CASE("a server that says another size than is expected has another file") {
    const ServedFile file;
    const BadServer server(file.path());
    for (const char* how : {"no-length", "no-ranges", "good"}) {
        INFO(how);
        const auto source = open_source(server.url(how), impatient());
        source->expect_size(served.size() + 1);
        if (how == std::string("no-length"))
            CHECK(fetch(*source, 0, 1000) == expected(0, 1000));
        else
            CHECK_THROWS_AS(fetch(*source, 0, 1000), SourceChanged);
    }
}

TEST_CASE("redirects that lead nowhere are not followed for ever") {
    const ServedFile file;
    const BadServer server(file.path());
    CHECK(failure(server.url("loop")) == ErrorCode::failed);
    const auto source = open_source(server.url("loop"), impatient());
    CHECK_THROWS_WITH(fetch(*source, 0, 10), Catch::Contains("redirects"));
    CHECK(source->requests() == 9);
}

TEST_CASE("a redirect to what is no URL is the server's mistake, not the operator's") {
    const ServedFile file;
    const BadServer server(file.path());
    for (const std::string where :
         {"http%3A%2F%2F%5B%3A%3A1", "http%3A%2F%2F", "http%3A%2F%2F127.0.0.1%3A99999%2Fx",
          "http%3A%2F%2Fexa%20mple%2F", "ftp%3A%2F%2F127.0.0.1%2Fx",
          "http%3A%2F%2Fme%3Asecret%40%5B%3A%3A1%3Ftoken"}) {
        INFO(where);
        const auto source = open_source(server.url("to/" + where), impatient());
        try {
            (void)fetch(*source, 0, 10);
            FAIL("fetched");
        } catch (const Error& e) {
            CHECK(e.code() == ErrorCode::refused);
            CHECK_THAT(e.what(), Catch::Contains("cannot fetch '" + server.url("to/")));
            const std::string message = e.what();
            const std::size_t target = message.find("it redirects to '");
            REQUIRE(target != std::string::npos);
            CHECK_THAT(message.substr(target),
                       !Catch::Contains("secret") && !Catch::Contains("token"));
        }
    }
    const auto source = open_source(server.url("to/http%3A%2F%2F%5B%3A%3A1"), impatient());
    CHECK_THROWS_WITH(fetch(*source, 0, 10), Catch::Contains("'http://[::1'"));
}

TEST_CASE("more than was asked for is never delivered, nor read for long") {
    const ServedFile file;
    const BadServer server(file.path());
    const auto surplus = open_source(server.url("surplus"), impatient());
    CHECK(fetch(*surplus, 10, 1000) == expected(10, 1000));
    CHECK(surplus->bytes() < 200'000);
    const auto endless = open_source(server.url("endless"), impatient());
    CHECK(fetch(*endless, 0, 5'000'000).size() == 5'000'000);
    CHECK(endless->bytes() < 7'000'000);
}

TEST_CASE("a server at one byte a second is given up at the deadline") {
    const ServedFile file;
    const BadServer server(file.path());
    const auto before = std::chrono::steady_clock::now();
    CHECK(failure(server.url("slow")) == ErrorCode::failed);
    CHECK(std::chrono::steady_clock::now() - before < 40s);
}

TEST_CASE("a server that is not there is given up soon") {
    const auto before = std::chrono::steady_clock::now();
    CHECK(failure("http://127.0.0.1:1/file") == ErrorCode::failed);
    CHECK(std::chrono::steady_clock::now() - before < 20s);
}

TEST_CASE("the last pauses are shorter, so that all of the time is used") {
    FetchOptions options = impatient();
    options.first_pause = 300ms;
    const auto before = std::chrono::steady_clock::now();
    const auto source = open_source("http://127.0.0.1:1/file", options);
    CHECK_THROWS_WITH(fetch(*source, 0, 10), Catch::Contains("Failed to connect"));
    const auto passed = std::chrono::steady_clock::now() - before;
    CHECK(passed > 1500ms); // of 2 s
    CHECK(passed < 10s);
    CHECK(source->requests() <= 6);
}

TEST_CASE("a try that the deadline cuts short does not hide why the ones before it failed") {
    const ServedFile file;
    const BadServer server(file.path());
    FetchOptions options = impatient();
    options.deadline = 3s;
    options.stall = 30s;
    CHECK_THROWS_WITH(fetch(*open_source(server.url("busy-then-silent/1"), options), 0, 10),
                      Catch::Contains("status 503"));
    CHECK_THROWS_WITH(fetch(*open_source(server.url("slow"), options), 0, 10),
                      Catch::Contains("too slow"));
}

TEST_CASE("a server that was there once is waited for until the deadline") {
    const ServedFile file;
    const BadServer server(file.path());
    FetchOptions options = impatient();
    options.first_contact = 1s;
    const auto source = open_source(server.url("mute/2"), options);
    CHECK(fetch(*source, 0, 1000) == expected(0, 1000));
    std::this_thread::sleep_for(1100ms);
    CHECK(fetch(*source, 1000, 1000) == expected(1000, 1000));
}

TEST_CASE("user name and password reach their own server and no other") {
    const ServedFile file;
    const BadServer server(file.path());
    const BadServer other(file.path());
    const auto with_login = [](std::string url) { return url.insert(7, "node:secret@"); };
    const auto source = open_source(with_login(server.url("login")), impatient());
    CHECK(fetch(*source, 0, 1000) == expected(0, 1000));
    CHECK(source->name() == server.url("login"));

    CHECK(failure(with_login(server.url("elsewhere/" + other.port() + "/login"))) ==
          ErrorCode::failed);
    const auto back =
        open_source(with_login(server.url("elsewhere/" + server.port() + "/login")), impatient());
    CHECK(fetch(*back, 0, 1000) == expected(0, 1000));
}

TEST_CASE("a fetch is cancelled while the server keeps it waiting") {
    const ServedFile file;
    const BadServer server(file.path());
    std::atomic<bool> cancelled{false};
    FetchOptions options;
    options.cancelled = [&] { return cancelled.load(); };
    const auto source = open_source(server.url("slow"), options);
    std::thread later([&] {
        std::this_thread::sleep_for(300ms);
        cancelled = true;
    });
    const auto before = std::chrono::steady_clock::now();
    try {
        (void)fetch(*source, 0, 1000);
        FAIL("fetched");
    } catch (const Error& e) {
        CHECK(e.code() == ErrorCode::cancelled);
    }
    later.join();
    CHECK(std::chrono::steady_clock::now() - before < 20s);
}

TEST_CASE("a URL is split into what may be shown and what may not") {
    const Url url = Url::parse("https://me:p%40ss@Example.org/a/b?token=1#part");
    CHECK(url.text == "https://Example.org/a/b?token=1");
    CHECK(url.shown == "https://Example.org/a/b");
    CHECK(url.origin == "https://Example.org:443");
    CHECK(url.user == "me");
    CHECK(url.password == "p@ss");
    CHECK(url.secure);
    CHECK(Url::is_url("HTTP://x"));
    CHECK_FALSE(Url::is_url("file:///x"));
    CHECK_FALSE(Url::is_url("/http://x"));
    CHECK_THROWS_AS(Url::parse("http://"), Error);
}

TEST_CASE("a URL of another scheme is refused as one, never looked for as a file") {
    for (const char* url :
         {"ftp://me:secret@host/a", "file:///a", "s3+x://a", "htps://a", "FTP://a"}) {
        INFO(url);
        try {
            (void)open_source(url);
            FAIL("opened");
        } catch (const Error& e) {
            CHECK(e.code() == ErrorCode::usage);
            CHECK_THAT(e.what(), Contains("cannot use the URL: ") && !Contains("secret"));
        }
    }
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/ftp:/";
    fs::create_directory(path);
    replace_file_durably(path + "/a", served);
    CHECK(open_source(directory.path() + "/ftp://a")->size() == served.size());
}

TEST_CASE("a pipe holds the writer back and passes its failure on after the last byte") {
    BytePipe pipe(100);
    const Bytes data = noise(1, 1000);
    std::thread writer([&] {
        (void)pipe.push(data);
        pipe.finish(std::make_exception_ptr(Error("broken")));
    });
    Bytes received;
    Bytes piece(37);
    try {
        while (const std::size_t count = pipe.pop(piece, [] {}))
            received.insert(received.end(), piece.begin(),
                            piece.begin() + static_cast<std::ptrdiff_t>(count));
        FAIL("no failure");
    } catch (const Error&) {
        CHECK(received == data);
    }
    writer.join();
}
