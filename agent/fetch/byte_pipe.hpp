// SPDX-License-Identifier: Apache-2.0
// A bounded pipe between two threads: lets downloading go on while chunks are hashed and written,
// and holds the server back when the medium is slower than the network.
#pragma once

#include "base/bytes.hpp"

#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>

namespace quoin {

/// One writing and one reading thread. Holds at most `capacity` bytes, allocated once.
class BytePipe {
  public:
    explicit BytePipe(std::size_t capacity);

    // The writer's side.

    /// Blocks while the pipe is full. False when the reader has gone: stop writing.
    bool push(ByteView data);
    /// No more bytes will come; the reader gets what is left, then `problem`, or the end if null.
    void finish(std::exception_ptr problem = nullptr);
    /// Sleeps; true when the reader went meanwhile.
    bool wait_abandoned(std::chrono::milliseconds duration);
    [[nodiscard]] bool abandoned();

    // The reader's side.

    /// Blocks until there are bytes; 0 at the end. While it waits `impatient` is called several
    /// times a second and may throw.
    [[nodiscard]] std::size_t pop(ByteSpan out, const std::function<void()>& impatient);
    /// The reader wants no more: the writer's next call says so.
    void abandon();

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::unique_ptr<std::uint8_t[]> ring_;
    std::size_t capacity_;
    std::size_t first_ = 0;
    std::size_t used_ = 0;
    bool finished_ = false;
    bool abandoned_ = false;
    std::exception_ptr problem_;
};

} // namespace quoin
