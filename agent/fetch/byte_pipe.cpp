// SPDX-License-Identifier: Apache-2.0
#include "agent/fetch/byte_pipe.hpp"

#include <algorithm>

namespace quoin {

namespace {
constexpr std::chrono::milliseconds patience{200};
} // namespace

BytePipe::BytePipe(std::size_t capacity)
    : ring_(std::make_unique<std::uint8_t[]>(capacity)), capacity_(capacity) {}

bool BytePipe::push(ByteView data) {
    std::unique_lock lock(mutex_);
    while (!data.empty()) {
        changed_.wait(lock, [this] { return abandoned_ || used_ < capacity_; });
        if (abandoned_)
            return false;
        const std::size_t place = (first_ + used_) % capacity_;
        const std::size_t count = std::min({data.size(), capacity_ - used_, capacity_ - place});
        std::copy_n(data.begin(), count, ring_.get() + place);
        used_ += count;
        data = data.subspan(count);
        changed_.notify_all();
    }
    return !abandoned_;
}

void BytePipe::finish(std::exception_ptr problem) {
    const std::lock_guard lock(mutex_);
    finished_ = true;
    problem_ = std::move(problem);
    changed_.notify_all();
}

bool BytePipe::wait_abandoned(std::chrono::milliseconds duration) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, duration, [this] { return abandoned_; });
}

bool BytePipe::abandoned() {
    const std::lock_guard lock(mutex_);
    return abandoned_;
}

std::size_t BytePipe::pop(ByteSpan out, const std::function<void()>& impatient) {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, patience, [this] { return used_ > 0 || finished_; })) {
        lock.unlock();
        impatient();
        lock.lock();
    }
    if (used_ == 0) {
        if (problem_)
            std::rethrow_exception(problem_);
        return 0;
    }
    const std::size_t count = std::min({out.size(), used_, capacity_ - first_});
    std::copy_n(ring_.get() + first_, count, out.begin());
    first_ = (first_ + count) % capacity_;
    used_ -= count;
    changed_.notify_all();
    return count;
}

void BytePipe::abandon() {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
    changed_.notify_all();
}

} // namespace quoin
