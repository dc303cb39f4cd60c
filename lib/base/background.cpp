// SPDX-License-Identifier: Apache-2.0
#include "base/background.hpp"

#include <utility>

namespace quoin {

Background::~Background() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable())
        thread_.join();
}

void Background::start(std::function<void()> job) {
    {
        const std::lock_guard lock(mutex_);
        job_ = std::move(job);
    }
    if (thread_.joinable()) {
        changed_.notify_all();
        return;
    }
    try {
        thread_ = std::thread(&Background::work, this);
    } catch (const std::exception&) { // a node in trouble must still go back
        run_job();
    }
}

void Background::wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !job_; });
    if (const auto failure = std::exchange(failure_, nullptr))
        std::rethrow_exception(failure);
}

void Background::work() {
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return job_ || ending_; });
        if (!job_)
            return;
        lock.unlock();
        run_job();
        lock.lock();
    }
}

void Background::run_job() {
    std::exception_ptr failure;
    try {
        job_(); // nobody else touches a job under way
    } catch (...) {
        failure = std::current_exception();
    }
    {
        const std::lock_guard lock(mutex_);
        failure_ = failure;
        job_ = nullptr;
    }
    changed_.notify_all();
}

} // namespace quoin
