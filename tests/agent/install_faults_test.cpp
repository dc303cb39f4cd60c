// SPDX-License-Identifier: Apache-2.0
// The power goes at every single change that an install makes. The linker puts the functions below
// in front of the C library's: from the chosen one on nothing reaches the disk any more.
#include "base/error.hpp"
#include "release_fixture.hpp"
#include "support/catch.hpp"

#include <cerrno>
#include <cstdio>
#include <sys/types.h>

using namespace quoin;
using namespace quoin::test;

namespace {

enum class Cut { before, within };

struct Power {
    long left = -1; ///< changes until it goes; negative: it stays
    Cut cut = Cut::before;
    long changes = 0;
    bool off = false;

    /// True when the change happens.
    bool allows() {
        if (off)
            return false;
        ++changes;
        if (left >= 0 && --left < 0)
            off = true;
        return !off;
    }
    /// True when the change that the power went at had begun.
    [[nodiscard]] bool torn(bool was_on) const { return was_on && off && cut == Cut::within; }
} power;

int no_power() {
    errno = EIO;
    return -1;
}

} // namespace

extern "C" {

// NOLINTBEGIN(bugprone-reserved-identifier): the linker's --wrap names them so.

ssize_t __real_pwrite64(int fd, const void* data, size_t size, off64_t offset);
ssize_t __wrap_pwrite64(int fd, const void* data, size_t size, off64_t offset) {
    const bool was_on = !power.off;
    if (power.allows())
        return __real_pwrite64(fd, data, size, offset);
    if (power.torn(was_on)) // a medium writes whole sectors
        (void)__real_pwrite64(fd, data, size / 2 / 512 * 512, offset);
    return no_power();
}

ssize_t __real_write(int fd, const void* data, size_t size);
ssize_t __wrap_write(int fd, const void* data, size_t size) {
    return power.allows() ? __real_write(fd, data, size) : no_power();
}

int __real_rename(const char* from, const char* to);
int __wrap_rename(const char* from, const char* to) {
    return power.allows() ? __real_rename(from, to) : no_power();
}

int __real_unlink(const char* path);
int __wrap_unlink(const char* path) {
    return power.allows() ? __real_unlink(path) : no_power();
}

// Without power they fail; with it they would only cost time, since all reads see the page cache.
int __wrap_fdatasync(int) {
    return power.off ? no_power() : 0;
}
int __wrap_fsync(int) {
    return power.off ? no_power() : 0;
}
int __wrap_syncfs(int) {
    return power.off ? no_power() : 0;
}

// NOLINTEND(bugprone-reserved-identifier)

} // extern "C"

namespace {

/// How many changes a whole install makes.
long count_changes(const TestNode& node, const Release& release) {
    power = {};
    (void)node.install(release.bundle);
    const long changes = power.changes;
    power = {};
    node.restore();
    return changes;
}

/// After a cut: the old system is whole; whatever the loader may start is whole; the next install
/// ends with the release armed.
void check_after_cut(const TestNode& node, const Release& release) {
    node.check_running_untouched();
    node.check_startable_entries();
    try {
        (void)node.install(release.bundle);
    } catch (const Error& e) {
        if (e.code() != ErrorCode::nothing_to_do)
            throw;
    }
    node.check_armed(release);
    node.check_running_untouched();
}

void cut_everywhere(const TestNode& node, const Release& release, Cut cut) {
    const long changes = count_changes(node, release);
    REQUIRE(changes > 20);
    for (long n = 0; n < changes; ++n) {
        INFO("power goes at change " << n << " of " << changes);
        power = {};
        power.left = n;
        power.cut = cut;
        bool interrupted = false;
        try {
            (void)node.install(release.bundle);
        } catch (const Error&) {
            interrupted = true;
        }
        power = {};
        CHECK(interrupted);
        CHECK_NOTHROW(check_after_cut(node, release));
        node.restore();
    }
}

} // namespace

TEST_CASE("a power cut before any change of an install leaves the old system, then the new one") {
    const ReleaseContent old = content("1.0.0", 1, 12);
    const TestNode node(old);
    cut_everywhere(node, node.release(content("2.0.0", 2, 12)), Cut::before);
}

TEST_CASE("a power cut within any change of an install leaves the old system, then the new one") {
    const ReleaseContent old = content("1.0.0", 1, 12);
    const TestNode node(old);
    ReleaseContent made = old;
    made.version = "1.1.0";
    made.chunks[5] = noise(55, 20000);
    cut_everywhere(node, node.release(made), Cut::within);
}

TEST_CASE("a power cut while a filled slot is taken over leaves the old system") {
    const TestNode node(content("1.0.0", 1, 12));
    const Release second = node.release(content("2.0.0", 2, 12));
    const Release third = node.release(content("3.0.0", 3, 12));
    const auto prepare = [&] {
        (void)node.install(second.bundle);
        const std::string entries = node.entries_directory() + "/";
        REQUIRE(std::rename((entries + second.entry_name()).c_str(),
                            (entries + "node_2.0.0+0-3.efi").c_str()) == 0);
    };
    for (long n = 0; n < 16; ++n) {
        node.restore();
        prepare();
        INFO("power goes at change " << n);
        power = {};
        power.left = n;
        CHECK_THROWS_AS(node.install(third.bundle), Error);
        power = {};
        CHECK_NOTHROW(check_after_cut(node, third));
    }
}
