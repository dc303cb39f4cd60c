// SPDX-License-Identifier: Apache-2.0
// Running other programs: by argument vector, never through a shell.
#pragma once

#include "base/fd.hpp"

#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace quoin {

struct ProcessOptions {
    std::string input; ///< fed to standard input, then EOF
    std::vector<std::pair<std::string, std::string>> environment; ///< added to ours
    std::string directory; ///< working directory; ours if empty
};

struct ProcessResult {
    int status = 0;     ///< exit status; 128 + signal when killed
    std::string output; ///< standard output
    std::string errors; ///< standard error, last 64 KiB
};

/// The executable's path: PATH, then the directories for administrators, which Debian leaves out of
/// everybody else's PATH although mkfs and its like live there. Throws what run() throws.
[[nodiscard]] std::string program_path(const std::string& program);

/// Runs to the end and collects both outputs. Throws Error(failed) only when the program cannot be
/// started ("cannot run 'mmdebstrap': No such file or directory; install the package mmdebstrap").
[[nodiscard]] ProcessResult run(const std::vector<std::string>& argv,
                                const ProcessOptions& options = {});

/// The same, but a non-zero status throws with the last line of standard error.
std::string run_checked(const std::vector<std::string>& argv, const ProcessOptions& options = {});

/// A child whose standard output is read while it runs, in a process group of its own: mmdebstrap
/// ends a failure by SIGHUP to its whole group, which must not be that of our caller. The group is
/// ended and the child reaped by the destructor.
class StreamingProcess {
  public:
    /// Standard error goes to `error_file` (a path). Standard input is empty.
    StreamingProcess(const std::vector<std::string>& argv, const std::string& error_file,
                     const ProcessOptions& options = {});
    StreamingProcess(const StreamingProcess&) = delete;
    StreamingProcess& operator=(const StreamingProcess&) = delete;
    ~StreamingProcess();
    [[nodiscard]] FdRef output() const { return output_; }
    /// Waits for the end; the exit status, 128 + signal when killed.
    int wait();

  private:
    UniqueFd output_;
    pid_t pid_ = -1;
};

} // namespace quoin
