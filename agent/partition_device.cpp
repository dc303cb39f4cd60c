// SPDX-License-Identifier: Apache-2.0
#include "agent/partition_device.hpp"

#include "base/error.hpp"
#include "base/file.hpp"

#include <charconv>
#include <filesystem>

namespace quoin {

namespace {

constexpr std::uint64_t sysfs_sector = 512; // whatever the disk's own

std::uint64_t read_number(const std::filesystem::path& path) {
    const std::string text = read_text(path.string(), 64);
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

} // namespace

std::string partition_device(const std::string& disk, const Partition& partition) {
    const auto name = std::filesystem::path(disk).filename();
    const auto folder = std::filesystem::path("/sys/class/block") / name;
    std::error_code problem;
    for (const auto& entry : std::filesystem::directory_iterator(folder, problem)) {
        if (!exists((entry.path() / "partition").string()) ||
            read_number(entry.path() / "partition") != partition.number)
            continue;
        // A stale kernel table would make us write into the wrong place.
        if (read_number(entry.path() / "start") * sysfs_sector != partition.start ||
            read_number(entry.path() / "size") * sysfs_sector != partition.size)
            throw Error("cannot use partition " + std::to_string(partition.number) + " of '" +
                        disk + "': the kernel's partition table differs from the disk's");
        return "/dev/" + entry.path().filename().string();
    }
    throw Error("cannot use partition " + std::to_string(partition.number) + " of '" + disk +
                "': the kernel does not list it");
}

} // namespace quoin
