// SPDX-License-Identifier: Apache-2.0
#include "agent/state_lock.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/terminal.hpp"

#include <cerrno>
#include <filesystem>
#include <sys/file.h>
#include <unistd.h>

namespace quoin {

UniqueFd lock_state(const std::string& directory, unsigned patience) {
    std::error_code problem;
    std::filesystem::create_directories(directory, problem);
    if (problem)
        throw system_error("cannot create '" + directory + "'", problem.value());
    const std::string path = directory + "/lock";
    UniqueFd lock = open_file(path, O_RDWR | O_CREAT);
    for (unsigned waited = 0; ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0; ++waited) {
        if (errno != EWOULDBLOCK)
            throw system_error("cannot lock '" + path + "'");
        const std::string holder = read_text(path, 32);
        const std::string found =
            "another quoin-agent is at work (pid " + holder.substr(0, holder.find('\n')) + ")";
        if (waited >= patience)
            throw Error(found);
        if (waited == 0)
            say_note(found + ", waiting up to " + std::to_string(patience) + " s for it to finish");
        ::sleep(1);
    }
    // Shorter than what a longer pid left there: the line end closes it.
    pwrite_all(lock, bytes_of(std::to_string(::getpid()) + "\n"), 0, path);
    return lock;
}

} // namespace quoin
