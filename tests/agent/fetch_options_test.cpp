// SPDX-License-Identifier: Apache-2.0
// What the operator can ask of fetching, and what a server may say in its headers.
#include "agent/fetch/bundle_source.hpp"
#include "agent/fetch/content_range.hpp"
#include "agent/fetch/header_file.hpp"
#include "base/error.hpp"
#include "base/units.hpp"
#include "release_fixture.hpp"
#include "support/catch.hpp"
#include "web_server.hpp"

#include <iostream>

using namespace quoin;
using namespace quoin::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

const Bytes served = noise(43, 1'000'000);

class ServedFile {
  public:
    ServedFile() { replace_file_durably(path(), served); }
    [[nodiscard]] std::string directory() const { return directory_.path(); }
    [[nodiscard]] std::string path() const { return directory() + "/file"; }
    /// Another file beside it.
    [[nodiscard]] std::string write(const std::string& name, const std::string& text) const {
        replace_file_durably(directory() + "/" + name, bytes_of(text));
        return directory() + "/" + name;
    }

  private:
    TemporaryDirectory directory_;
};

FetchOptions impatient() {
    FetchOptions options;
    options.deadline = 20s;
    options.first_contact = 5s;
    options.stall = 1s;
    options.first_pause = 10ms;
    return options;
}

/// True when the range comes as it was served.
bool fetches(const std::string& url, const FetchOptions& options, std::size_t size = 1000) {
    const auto source = open_source(url, options);
    Bytes out(size);
    return read_range(*source, 0, out) == size &&
           std::equal(out.begin(), out.end(), served.begin());
}

std::string failure(const std::string& url, const FetchOptions& options) {
    try {
        (void)fetches(url, options);
        return "none";
    } catch (const Error& e) {
        return e.what();
    }
}

bool no_nginx() {
    if (Nginx::available())
        return false;
    std::cout << "skipped: nginx is not installed\n";
    return true;
}

} // namespace

TEST_CASE("headers from a file reach the server that was named and no other") {
    const ServedFile file;
    const BadServer server(file.path());
    const BadServer other(file.path());
    FetchOptions options = impatient();
    CHECK_THROWS_AS(fetches(server.url("token"), options), Error);
    options.headers = file.write("headers", "# for the update server\n\nX-Token: secret\n");
    CHECK(fetches(server.url("token"), options));
    CHECK(fetches(server.url("elsewhere/" + server.port() + "/token"), options));
    CHECK_THROWS_AS(fetches(server.url("elsewhere/" + other.port() + "/token"), options), Error);
    CHECK(fetches(server.url("elsewhere/" + other.port() + "/good"), options));
}

TEST_CASE("a line that is no header is named by its number, never shown") {
    CHECK(parse_headers("A: b\n#c\n\nX-Y:z", "f") == std::vector<std::string>{"A: b", "X-Y:z"});
    CHECK(parse_headers("", "f").empty());
    for (const char* text :
         {"A: b\nsecret\n", "A: b\nsecret:\n", "A: b\nse cret: x\n", "A: b\nsecret: \t\n",
          "A: b\n: secret\n", "A: b\nsecret: x\r\n", "A: b\nsecret: \x7f\n"}) {
        INFO(text);
        try {
            (void)parse_headers(text, "headers");
            FAIL("accepted");
        } catch (const Error& e) {
            CHECK(e.code() == ErrorCode::usage);
            CHECK_THAT(e.what(), Contains("headers:2: ") && !Contains("secret"));
        }
    }
}

TEST_CASE("a file of headers whose lines end with CR LF is told so, not that it has no headers") {
    for (const char* text : {"A: secret\r\n", "\r\n", "#c\nA: secret\x01\n", "A: b\x7f\n"}) {
        INFO(text);
        CHECK_THROWS_WITH(parse_headers(text, "headers"),
                          Contains("CR or another control character") && !Contains("secret"));
    }
    CHECK(parse_headers("# a comment\r\nA:\tb\n", "f") == std::vector<std::string>{"A:\tb"});
    CHECK_THROWS_WITH(parse_headers("secret\n", "headers"), Contains("this is no header"));
}

TEST_CASE("a proxy is asked instead of the server") {
    const ServedFile file;
    const BadServer server(file.path());
    FetchOptions options = impatient();
    options.first_contact = 1s;
    CHECK_THROWS_AS(fetches("http://node.invalid/good", options), Error);
    options.proxy = server.url("");
    CHECK(fetches("http://node.invalid/good", options));
}

TEST_CASE("a proxy whose URL cannot be used is told at once, without its password") {
    FetchOptions options = impatient();
    options.first_contact = 60s;
    options.deadline = 60s;
    for (const char* proxy : {"socks9://node:s3cret@127.0.0.1:1", "http://node:s3cret@[::1"}) {
        INFO(proxy);
        options.proxy = proxy;
        CHECK_THAT(failure("http://127.0.0.1:1/file", options),
                   Contains("the proxy's URL cannot be used") && !Contains("s3cret") &&
                       !Contains("gave up"));
    }
}

TEST_CASE("through a proxy, too, headers are for the server that was named and no other") {
    const ServedFile file;
    const BadServer server(file.path()); // also the proxy, which over plain HTTP reads everything
    const BadServer other(file.path());
    FetchOptions options = impatient();
    options.proxy = server.url("");
    options.headers = file.write("headers", "X-Token: secret\n");
    CHECK(fetches("http://node.invalid/token", options));
    CHECK_THROWS_AS(fetches("http://node.invalid/elsewhere/" + other.port() + "/token", options),
                    Error);
    CHECK(fetches("http://node.invalid/elsewhere/" + other.port() + "/good", options));
}

TEST_CASE("a proxy in front of an HTTPS server sees neither headers nor user name and password") {
    if (no_nginx())
        return;
    const ServedFile file;
    const Nginx server(file.directory());
    const ConnectProxy proxy;
    FetchOptions options = impatient();
    options.certificates = server.certificate();
    options.proxy = proxy.url();
    std::string url = server.secure_url("token/file");
    url.insert(8, "node:password@");
    CHECK_THROWS_AS(fetches(url, options), Error);
    options.headers = file.write("headers", "X-Token: secret\nAuthorization: Bearer secret\n");
    CHECK(fetches(url, options));
    const std::string seen = proxy.seen();
    CHECK_THAT(seen, Contains("CONNECT localhost:"));
    CHECK_THAT(seen, !Contains("token", Catch::CaseSensitive::No) && !Contains("secret"));
    CHECK_THAT(seen, !Contains("Authorization", Catch::CaseSensitive::No));
}

TEST_CASE("a proxy that refuses is asked again only when that may pass") {
    FetchOptions options = impatient();
    options.first_contact = 1s;
    for (const auto& [status, is_final] :
         {std::pair("403", true), std::pair("407", true), std::pair("503", false)}) {
        INFO(status);
        const ConnectProxy proxy(status);
        options.proxy = proxy.url();
        const auto source = open_source("https://node.invalid/file", options);
        Bytes out(10);
        CHECK_THROWS_WITH(read_range(*source, 0, out), Contains(status));
        CHECK((source->requests() == 1) == is_final);
    }
}

TEST_CASE("a rate limit holds a transfer back") {
    const ServedFile file;
    const BadServer server(file.path());
    FetchOptions options = impatient();
    options.fastest = 200 * KiB;
    const auto before = std::chrono::steady_clock::now();
    CHECK(fetches(server.url("good"), options, 600 * KiB));
    CHECK(std::chrono::steady_clock::now() - before > 1500ms);
}

TEST_CASE("a server that falls silent is connected to anew, and goes on where it stopped") {
    const ServedFile file;
    const BadServer server(file.path());
    const auto source = open_source(server.url("silent-once/300000"), impatient());
    Bytes out(900'000);
    REQUIRE(read_range(*source, 0, out) == out.size());
    CHECK(std::equal(out.begin(), out.end(), served.begin()));
    CHECK(source->requests() == 2);
    CHECK(source->bytes() == out.size());
}

TEST_CASE("a server slower than it may be is connected to anew, a slow one that may be is not") {
    const ServedFile file;
    const BadServer server(file.path());
    FetchOptions options = impatient();
    Bytes out(900'000);
    std::uint64_t requests = 2;
    SECTION("1000 bytes a second are too few") {
        options.slowest = 10000;
    }
    SECTION("or enough, even in the answer that is the first contact") {
        options.first_contact = 1s;
        out.resize(4000);
        requests = 1;
    }
    const auto source = open_source(server.url("trickle-once/1000"), options);
    REQUIRE(read_range(*source, 0, out) == out.size());
    CHECK(std::equal(out.begin(), out.end(), served.begin()));
    CHECK(source->requests() == requests);
}

TEST_CASE("no source transfers more than it may") {
    const ServedFile file;
    const BadServer server(file.path());
    FetchOptions options = impatient();
    options.most_bytes = 1000;
    for (const std::string& from : {file.path(), server.url("good"), server.url("no-ranges")}) {
        INFO(from);
        try {
            (void)fetches(from, options, 1001);
            FAIL("fetched");
        } catch (const Error& e) {
            CHECK(e.code() == ErrorCode::refused);
            CHECK_THAT(e.what(), Contains("1000 bytes"));
        }
    }
    CHECK(fetches(file.path(), options, 1000));
    CHECK(fetches(server.url("good"), options, 1000));
}

TEST_CASE("a certificate that is not valid yet is waited for, not for ever") {
    if (no_nginx())
        return;
    const ServedFile file;
    FetchOptions options = impatient();
    options.first_pause = 200ms;
    SECTION("until it is") {
        const Nginx server(file.directory(), 8s);
        options.certificates = server.certificate();
        options.first_contact = 3s; // a certificate is a contact, valid or not
        options.deadline = 60s;
        CHECK(fetches(server.secure_url("file"), options));
    }
    SECTION("or for the time given") {
        const Nginx server(file.directory(), 3600s);
        options.certificates = server.certificate();
        options.clock = 5s;
        options.first_contact = 3s;
        const auto before = std::chrono::steady_clock::now();
        CHECK_THAT(failure(server.secure_url("file"), options), Contains("clock"));
        CHECK(std::chrono::steady_clock::now() - before > 4s);
    }
    SECTION("but another bad certificate is final") {
        const Nginx server(file.directory());
        CHECK_THAT(failure(server.secure_url("file"), options), !Contains("clock"));
    }
}

TEST_CASE("where a range lies is believed only when it is possible") {
    const auto parse = [](const char* text) { return ContentRange::parse(text); };
    const auto whole = parse("bytes 0-9/10");
    REQUIRE(whole);
    CHECK((whole->first == 0 && whole->last == 9 && whole->size == 10));
    const auto far = parse("bytes 9223372036854775808-18446744073709551614/18446744073709551615");
    REQUIRE(far);
    CHECK(far->first == std::uint64_t{1} << 63);
    CHECK(parse("bytes 2147483648-4294967296/*")->first == std::uint64_t{1} << 31);
    CHECK_FALSE(parse("bytes 2147483648-4294967296/*")->size);
    CHECK(parse("bytes */4294967296")->size == std::uint64_t{1} << 32);
    CHECK_FALSE(parse("bytes */4294967296")->first);
    for (const char* text :
         {"", "bytes", "bytes ", "bytes 0-9", "bytes 0-9/", "bytes 9-0/10", "bytes 0-10/10",
          "bytes 0-9/10x", "bytes -9/10", "bytes 0-/10", "bytes */*", "items 0-9/10",
          "bytes 0-18446744073709551616/*", "bytes 0-9/18446744073709551616", "bytes 0x0-9/10"}) {
        INFO(text);
        CHECK_FALSE(parse(text));
    }
}
