// SPDX-License-Identifier: Apache-2.0
#include "fault_switch.hpp"

#include <csignal>
#include <cstdio>
#include <sys/types.h>

namespace {

using quoin::test::Fault;

struct {
    Fault fault = Fault::error;
    long at = -1; ///< negative: never
    int error = EIO;
    long changes = 0;
    bool power = true;
} plan;

enum class Change { happens, fails, halves, halves_and_fails };

/// Counts a change and says what becomes of it; sets errno where it fails.
Change next_change() {
    if (!plan.power) {
        errno = EIO;
        return Change::fails;
    }
    if (plan.changes++ != plan.at)
        return Change::happens;
    errno = plan.error;
    switch (plan.fault) {
    case Fault::power_before:
        plan.power = false;
        return Change::fails;
    case Fault::power_within:
        plan.power = false;
        return Change::halves_and_fails;
    case Fault::error:
        return Change::fails;
    case Fault::short_write:
        return Change::halves;
    case Fault::kill:
        break;
    }
    (void)std::raise(SIGKILL);
    return Change::fails;
}

/// For what has no half.
bool next_happens() {
    const Change change = next_change();
    return change == Change::happens || change == Change::halves;
}

template <typename Write>
ssize_t write_with(Write write, size_t size) {
    switch (next_change()) {
    case Change::happens:
        return write(size);
    case Change::halves:
        return write(size > 1 ? size / 2 : size);
    case Change::halves_and_fails:
        (void)write(size / 2 / 512 * 512); // a medium writes whole sectors
        errno = plan.error;
        break;
    case Change::fails:
        break;
    }
    return -1;
}

} // namespace

// NOLINTBEGIN(bugprone-reserved-identifier): the linker's --wrap names them so.
extern "C" {

ssize_t __real_pwrite64(int fd, const void* data, size_t size, off64_t offset);
ssize_t __wrap_pwrite64(int fd, const void* data, size_t size, off64_t offset);
ssize_t __wrap_pwrite64(int fd, const void* data, size_t size, off64_t offset) {
    return write_with([&](size_t part) { return __real_pwrite64(fd, data, part, offset); }, size);
}

ssize_t __real_write(int fd, const void* data, size_t size);
ssize_t __wrap_write(int fd, const void* data, size_t size);
ssize_t __wrap_write(int fd, const void* data, size_t size) {
    return write_with([&](size_t part) { return __real_write(fd, data, part); }, size);
}

int __real_rename(const char* from, const char* to);
int __wrap_rename(const char* from, const char* to);
int __wrap_rename(const char* from, const char* to) {
    return next_happens() ? __real_rename(from, to) : -1;
}

int __real_renameat2(int from_fd, const char* from, int to_fd, const char* to, unsigned flags);
int __wrap_renameat2(int from_fd, const char* from, int to_fd, const char* to, unsigned flags);
int __wrap_renameat2(int from_fd, const char* from, int to_fd, const char* to, unsigned flags) {
    return next_happens() ? __real_renameat2(from_fd, from, to_fd, to, flags) : -1;
}

int __real_unlink(const char* path);
int __wrap_unlink(const char* path);
int __wrap_unlink(const char* path) {
    return next_happens() ? __real_unlink(path) : -1;
}

// When they succeed they would only cost time, since all reads see the page cache.
int __wrap_fdatasync(int fd);
int __wrap_fdatasync(int) {
    return next_happens() ? 0 : -1;
}
int __wrap_fsync(int fd);
int __wrap_fsync(int) {
    return next_happens() ? 0 : -1;
}
int __wrap_syncfs(int fd);
int __wrap_syncfs(int) {
    return next_happens() ? 0 : -1;
}

} // extern "C"
// NOLINTEND(bugprone-reserved-identifier)

namespace quoin::test {

void plan_fault(Fault fault, long at, int error) {
    plan = {fault, at, error, 0, true};
}

void no_faults() {
    plan_fault(Fault::error, -1);
}

long changes_made() {
    return plan.changes;
}

} // namespace quoin::test
