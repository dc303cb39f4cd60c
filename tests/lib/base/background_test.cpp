// SPDX-License-Identifier: Apache-2.0
#include "base/background.hpp"
#include "base/error.hpp"
#include "support/catch.hpp"

#include <atomic>
#include <chrono>
#include <future>

using namespace quoin;

TEST_CASE("jobs go on in the background, on one thread, in turn") {
    Background background;
    background.wait(); // there is none
    std::promise<void> may_end;
    std::thread::id first;
    background.start([&] {
        first = std::this_thread::get_id();
        may_end.get_future().wait();
    });
    may_end.set_value(); // were the job not in the background, this would not be reached
    background.wait();
    CHECK(first != std::this_thread::get_id());

    std::thread::id second;
    background.start([&] { second = std::this_thread::get_id(); });
    background.wait();
    CHECK(second == first);
}

TEST_CASE("what a job throws arrives where it is waited for, once") {
    Background background;
    background.start([] { throw Error("cannot write"); });
    CHECK_THROWS_WITH(background.wait(), "cannot write");
    CHECK_NOTHROW(background.wait());
    bool done = false;
    background.start([&] { done = true; });
    background.wait();
    CHECK(done);
}

TEST_CASE("a job under way is finished before its thread goes") {
    std::atomic<bool> done = false;
    {
        Background background;
        background.start([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
            done = true;
        });
    }
    CHECK(done);
}
