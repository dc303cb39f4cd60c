// SPDX-License-Identifier: Apache-2.0
#include "recorded_writes.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <sys/types.h>

namespace {
std::vector<quoin::test::RecordedWrite>* recording = nullptr;
}

// NOLINTBEGIN(bugprone-reserved-identifier): the names that the linker's --wrap asks for
extern "C" {
ssize_t __real_pwrite64(int fd, const void* data, size_t size, off_t offset);
int __real_fdatasync(int fd);

ssize_t __wrap_pwrite64(int fd, const void* data, size_t size, off_t offset);
int __wrap_fdatasync(int fd);

ssize_t __wrap_pwrite64(int fd, const void* data, size_t size, off_t offset) {
    if (recording != nullptr) {
        const auto* bytes = static_cast<const std::uint8_t*>(data);
        recording->push_back({static_cast<std::uint64_t>(offset), {bytes, bytes + size}, false});
    }
    return __real_pwrite64(fd, data, size, offset);
}

int __wrap_fdatasync(int fd) {
    if (recording != nullptr && !recording->empty())
        recording->back().synced = true;
    return __real_fdatasync(fd);
}
}
// NOLINTEND(bugprone-reserved-identifier)

namespace quoin::test {

std::vector<RecordedWrite> record_writes(const std::function<void()>& body) {
    std::vector<RecordedWrite> writes;
    recording = &writes;
    try {
        body();
    } catch (...) {
        recording = nullptr;
        throw;
    }
    recording = nullptr;
    return writes;
}

void for_each_cut(const Bytes& before, const std::vector<RecordedWrite>& writes,
                  const std::function<void(const Bytes& state)>& check) {
    constexpr std::size_t sector = 512;
    Bytes state = before;
    check(state);
    for (const RecordedWrite& write : writes) {
        REQUIRE(write.synced);
        REQUIRE(write.offset + write.data.size() <= state.size());
        for (std::size_t done = 0; done < write.data.size(); done += sector) {
            const std::size_t size = std::min(sector, write.data.size() - done);
            std::copy_n(write.data.begin() + static_cast<std::ptrdiff_t>(done), size,
                        state.begin() + static_cast<std::ptrdiff_t>(write.offset + done));
            check(state);
        }
    }
}

} // namespace quoin::test
