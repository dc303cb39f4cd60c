// SPDX-License-Identifier: Apache-2.0
// Whole installs over the network.
#include "base/error.hpp"
#include "loader_fixture.hpp"
#include "support/catch.hpp"
#include "web_server.hpp"

#include <iostream>

using namespace quoin;
using namespace quoin::test;
using namespace std::chrono_literals;

namespace {

InstallOptions from(const std::string& url) {
    InstallOptions options;
    options.source = url;
    options.fetch.deadline = 10s;
    options.fetch.first_pause = 10ms;
    return options;
}

const ReleaseContent first = content("1.0.0", 1);

} // namespace

TEST_CASE("an update over HTTP takes a handful of requests and few bytes") {
    if (!Nginx::available()) {
        std::cout << "skipped: nginx is not installed\n";
        return;
    }
    const TestNode node(first);
    ReleaseContent made = first;
    made.version = "1.1.0";
    made.generations.assign(made.chunks.size(), 1);
    for (const std::size_t i : {std::size_t{2}, std::size_t{40}, std::size_t{50}}) {
        made.chunks[i] = noise(700 + i, 20000);
        made.generations[i] = 0;
    }
    const Release next = node.release(made);
    const Nginx server(node.directory());
    const InstallReport report = node.install(from(server.url("node_1.1.0.quoin")));
    CHECK_NOTHROW(node.check_armed(next));
    CHECK_NOTHROW(node.check_running_untouched());
    CHECK(report.requests <= 5);
    CHECK(server.log(report.requests).size() == report.requests);
    CHECK(report.bytes_fetched < report.bytes_total / 4);
}

TEST_CASE("every kind of bad server either serves an install or ends it in order") {
    const TestNode node(first);
    const Release next = node.release(content("2.0.0", 2));
    const std::uint64_t data = next.data_offset();
    const BadServer server(next.bundle);
    const std::string within = std::to_string(data + 600'000);
    for (const std::string& how :
         {std::string("good"), std::string("no-ranges"), std::string("no-length"),
          std::string("drop/100000"), std::string("busy/2"), "wrong-once/" + within,
          std::string("etag-once/2")}) {
        INFO(how);
        InstallReport report;
        CHECK_NOTHROW(report = node.install(from(server.url(how))));
        CHECK_NOTHROW(node.check_armed(next));
        CHECK_NOTHROW(node.check_running_untouched());
        node.restore();
    }
    for (const std::string& how : {"wrong/" + within, std::string("etag/2"), std::string("gone"),
                                   std::string("other-range")}) {
        INFO(how);
        CHECK_THROWS_AS(node.install(from(server.url(how))), Error);
        CHECK_NOTHROW(node.check_running_untouched());
    }
}

TEST_CASE("a slow server does not keep the lock from the gate that waits for it") {
    const TestNode node(first);
    const Release second = node.release(content("2.0.0", 2));
    const BadServer confirmed(second.bundle);
    InstallOptions options = from(confirmed.url("good"));
    options.fetch.on_trial = 0s;
    CHECK_NOTHROW(node.install(options)); // the running system has its verdict

    (void)boot(node); // 2.0.0, on trial
    const Release third = node.release(content("3.0.0", 3));
    const BadServer server(third.bundle);
    options.source = server.url("slow");
    options.fetch.deadline = 1h;
    options.fetch.on_trial = 1s;
    CHECK_THROWS_WITH(node.install(options), Catch::Contains("gave up after"));
    options.source = server.url("good");
    options.fetch.on_trial = 10s;
    CHECK_THROWS_WITH(node.install(options), Catch::Contains("not confirmed yet"));
}
