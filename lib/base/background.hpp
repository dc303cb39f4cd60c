// SPDX-License-Identifier: Apache-2.0
// Work that goes on beside the caller's: a write while the next piece is hashed, a read ahead.
#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

namespace quoin {

/// One job at a time on a thread that is made for the first and kept for the others: making one
/// costs as much as writing tens of kibibytes. Where none can be made, jobs are done at once.
class Background {
  public:
    Background() = default;
    Background(const Background&) = delete;
    Background& operator=(const Background&) = delete;
    /// Waits for the job under way; what it throws is lost.
    ~Background();

    /// The job before must have been waited for.
    void start(std::function<void()> job);
    /// Returns when there is no job under way; throws what it threw.
    void wait();

  private:
    void work();
    void run_job();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::function<void()> job_; ///< under way, or about to be
    std::exception_ptr failure_;
    bool ending_ = false;
    std::thread thread_;
};

} // namespace quoin
