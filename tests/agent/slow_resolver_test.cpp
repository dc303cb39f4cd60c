// SPDX-License-Identifier: Apache-2.0
// A nameserver that does not answer. Nothing can interrupt the C library while it waits for one, so
// here it is the C library's function that waits: this program's own comes before it.
#include "agent/fetch/bundle_source.hpp"
#include "base/error.hpp"
#include "support/catch.hpp"

#include <atomic>
#include <dlfcn.h>
#include <netdb.h>
#include <string_view>
#include <thread>

using namespace quoin;
using namespace std::chrono_literals;

static std::atomic<int> asked = 0;

extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints,
                           addrinfo** found) {
    if (name != nullptr && std::string_view(name) == "silent.invalid") {
        ++asked;
        std::this_thread::sleep_for(8s);
        return EAI_AGAIN;
    }
    const auto real = reinterpret_cast<decltype(&::getaddrinfo)>(::dlsym(RTLD_NEXT, "getaddrinfo"));
    return real(name, service, hints, found);
}

TEST_CASE("neither a signal nor a deadline waits for a nameserver that does not answer") {
    const auto started = std::chrono::steady_clock::now();
    const auto passed = [&] { return std::chrono::steady_clock::now() - started; };
    FetchOptions options;
    std::string end;
    SECTION("a signal") {
        options.cancelled = [&] { return passed() > 500ms; };
        end = "cancelled";
    }
    SECTION("a deadline") {
        options.first_contact = 1s;
        end = "gave up after";
    }
    {
        const auto source = open_source("http://silent.invalid/file", options);
        Bytes out(10);
        CHECK_THROWS_WITH(read_range(*source, 0, out), Catch::Contains(end));
    }
    CHECK(asked > 0);
    CHECK(passed() > 400ms);
    CHECK(passed() < 5s);
}
