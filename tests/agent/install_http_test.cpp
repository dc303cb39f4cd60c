// SPDX-License-Identifier: Apache-2.0
// Whole installs over the network.
#include "base/error.hpp"
#include "bundle/head.hpp"
#include "loader_fixture.hpp"
#include "support/catch.hpp"
#include "web_server.hpp"

#include <iostream>
#include <utility>
#include <vector>

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

TEST_CASE("many kinds of bad servers serve an install all the same") {
    const TestNode node(first);
    const Release next = node.release(content("2.0.0", 2));
    const std::uint64_t data = next.data_offset();
    const BadServer server(next.bundle);
    for (const std::string& how :
         {std::string("good"), std::string("no-ranges"), std::string("no-length"),
          std::string("endless"), std::string("surplus"), std::string("drop/100000"),
          std::string("busy/2"), "wrong-once/" + std::to_string(data + 600'000),
          std::string("etag-once/2"), std::string("shorter-once/2"), std::string("etag-until/8"),
          std::string("cut-until/4"),
          // Only the contents table is missing, which no install reads.
          "cut/" + std::to_string(data + next.manifest.data_size)}) {
        INFO(how);
        CHECK_NOTHROW(node.install(from(server.url(how))));
        CHECK_NOTHROW(node.check_armed(next));
        CHECK_NOTHROW(node.check_running_untouched());
        node.restore();
    }
}

TEST_CASE("every other kind of bad server ends an install in order, and soon") {
    const TestNode node(first);
    ReleaseContent made = content("2.0.0", 2);
    made.kernel_seed = 2; // all of it is fetched
    const Release next = node.release(made);
    const std::uint64_t data = next.data_offset();
    const BadServer server(next.bundle);
    const auto cut = [](std::uint64_t size) { return "cut/" + std::to_string(size); };
    const std::vector<std::pair<std::string, ErrorCode>> servers{
        {"wrong/" + std::to_string(data + 600'000), ErrorCode::refused},
        {"etag/2", ErrorCode::failed},
        {"length/2", ErrorCode::refused},
        {"date/2", ErrorCode::failed},
        {"other-range", ErrorCode::refused},
        {"unsatisfiable/1", ErrorCode::refused},
        {"unsatisfiable/3", ErrorCode::refused},
        {cut(0), ErrorCode::refused},
        {cut(1), ErrorCode::refused},
        {cut(bundle_header_size), ErrorCode::refused},
        {cut(data - 1), ErrorCode::refused},
        {cut(data), ErrorCode::refused},
        {cut(data + 1), ErrorCode::refused},
        {cut(data + next.manifest.data_size - 1), ErrorCode::refused},
        {"gone", ErrorCode::failed},
        {"loop", ErrorCode::failed},
        {"slow", ErrorCode::failed},
        {"silent/20000", ErrorCode::failed},
        {"later/1000", ErrorCode::failed}};
    for (const auto& [how, code] : servers) {
        INFO(how);
        InstallOptions options = from(server.url(how));
        options.fetch.deadline = code == ErrorCode::failed ? 1s : 10s;
        const auto before = std::chrono::steady_clock::now();
        try {
            (void)node.install(options);
            FAIL("installed");
        } catch (const Error& e) {
            INFO(e.what());
            CHECK(e.code() == code);
        }
        CHECK(std::chrono::steady_clock::now() - before < 20s);
        CHECK_NOTHROW(node.check_running_untouched());
        CHECK_NOTHROW(node.check_nothing_armed());
    }
}

TEST_CASE("a slow server does not keep the lock from the gate that waits for it") {
    const TestNode node(first);
    const Release second = node.release(content("2.0.0", 2));
    const BadServer confirmed(second.bundle);
    InstallOptions options = from(confirmed.url("good"));
    options.deadline_on_trial = 0s;
    CHECK_NOTHROW(node.install(options)); // the running system has its verdict

    (void)boot(node); // 2.0.0, on trial
    const Release third = node.release(content("3.0.0", 3));
    const BadServer server(third.bundle);
    options.source = server.url("slow");
    options.fetch.deadline = 1h;
    options.deadline_on_trial = 1s;
    CHECK_THROWS_WITH(node.install(options), Catch::Contains("gave up after"));
    options.source = server.url("good");
    options.deadline_on_trial = 10s;
    CHECK_THROWS_WITH(node.install(options), Catch::Contains("not confirmed yet"));
}

TEST_CASE("a dry run starts over as an install does when the file changes") {
    const TestNode node(first);
    const Release next = node.release(content("2.0.0", 2));
    const BadServer server(next.bundle);
    const std::string before = node.fingerprint();
    CHECK(node.forecast(from(server.url("etag-once/2"))).prepared.bundle.manifest.version ==
          "2.0.0");
    CHECK(node.fingerprint() == before);
    InstallOptions options = from(server.url("etag/2"));
    options.fetch.deadline = 4s;
    CHECK_THROWS_WITH(node.forecast(options), Catch::Contains("keeps changing"));
}

TEST_CASE("a budget counts what was fetched before the file changed, and says so") {
    const TestNode node(first);
    ReleaseContent made = content("2.0.0", 2);
    made.kernel_seed = 2; // all of it is fetched
    const Release next = node.release(made);
    const BadServer server(next.bundle);
    InstallOptions options = from(server.url("good"));
    options.fetch.most_bytes = node.forecast(options).estimate.bytes_to_fetch;
    // Head and index are two requests; the third one is under way when the slot is no longer empty.
    options.source = server.url("etag-once/3");
    try {
        (void)node.install(options);
        FAIL("installed");
    } catch (const Error& e) {
        CHECK(e.code() == ErrorCode::refused);
        CHECK_THAT(e.what(),
                   Catch::Contains("before the file changed") &&
                       Catch::Contains(std::to_string(options.fetch.most_bytes) + " are allowed") &&
                       !Catch::Contains("nothing was changed"));
    }
    CHECK_NOTHROW(node.check_running_untouched());
    CHECK_NOTHROW(node.check_nothing_armed());
}
