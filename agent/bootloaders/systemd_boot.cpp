// SPDX-License-Identifier: Apache-2.0
// FAT moves directory records to the medium only with syncfs, so every change ends with it. A
// rename is not atomic there: a power cut can leave both names, or none that a check would keep.
#include "agent/bootloaders/systemd_boot.hpp"

#include "agent/bootloaders/shared_storage.hpp"
#include "agent/bootloaders/staging.hpp"
#include "agent/bootloaders/uki_file.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/terminal.hpp"
#include "base/units.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <sys/statvfs.h>
#include <unistd.h>

namespace quoin {

namespace {

using Sector = std::array<std::uint8_t, first_sector_size>;

/// Room for directory records and the file system's own bookkeeping.
constexpr std::uint64_t slack = 1 * MiB;

Sector read_first_sector(FdRef fd, const std::string& path) {
    Sector sector{};
    if (size_of(fd, path) >= sector.size())
        pread_exact(fd, sector, 0, path);
    return sector;
}

void write_first_sector(const std::string& path, ByteView sector) {
    const UniqueFd fd = open_file(path, O_RDWR);
    pwrite_all(fd, sector, 0, path);
    sync_file(fd, path);
    sync_file_system(fd, path);
}

bool same_system(const BootEntryName& left, const BootEntryName& right) {
    return left.id == right.id && left.version == right.version;
}

} // namespace

SystemdBoot::SystemdBoot(const std::string& esp_directory)
    : directory_(esp_directory + "/EFI/Linux") {}

std::string SystemdBoot::path_of(const BootEntryName& name) const {
    return directory_ + "/" + name.file_name();
}

BootEntry SystemdBoot::describe(const BootEntryName& name) const {
    const std::string path = path_of(name);
    BootEntry entry{name, false, 0, std::nullopt};
    try {
        const UniqueFd fd = open_file(path, O_RDONLY);
        entry.size = size_of(fd, path);
        entry.listed = starts_a_program(read_first_sector(fd, path));
        if (entry.listed)
            entry.root_hash = root_hash_in(fd, path);
    } catch (const Error& problem) {
        // The loader cannot read it either. One bad sector must not hide all other entries.
        say_detail(std::string(problem.what()) + ", ignoring");
    }
    return entry;
}

std::vector<BootEntry> SystemdBoot::entries() const {
    std::vector<BootEntry> found;
    std::error_code problem;
    for (const auto& file : std::filesystem::directory_iterator(directory_, problem)) {
        const std::string file_name = file.path().filename().string();
        const auto name = BootEntryName::parse(file_name);
        // Names that we would write otherwise ("+3", ".EFI") are not ours.
        if (name && name->file_name() == file_name)
            found.push_back(describe(*name));
    }
    if (problem)
        throw system_error("cannot read '" + directory_ + "'", problem.value());
    std::sort(found.begin(), found.end(), [](const BootEntry& left, const BootEntry& right) {
        if (left.listed != right.listed)
            return left.listed;
        return loader_order(left.name, right.name) < 0;
    });
    return found;
}

void SystemdBoot::unlist(const BootEntryName& name) {
    write_first_sector(path_of(name), Sector{});
}

void SystemdBoot::remove_unlisted(const BootEntryName& except) {
    std::vector<BootEntry> present = entries();
    const auto is_shared = [&](const BootEntry& entry) {
        return std::any_of(present.begin(), present.end(), [&](const BootEntry& other) {
            return other.name != entry.name &&
                   share_storage(path_of(entry.name), path_of(other.name));
        });
    };
    // Unlisted ones come last. Those that stay here go on protecting what they share.
    for (std::size_t i = present.size(); i-- > 0 && !present[i].listed;) {
        const std::string path = path_of(present[i].name);
        if (is_shared(present[i])) {
            if (present[i].name == except)
                throw Error("cannot write '" + path +
                            "': it shares its clusters with another file");
            say_warning("'" + path + "' shares its clusters with another file, leaving it");
            continue;
        }
        if (present[i].name == except)
            continue;
        if (::unlink(path.c_str()) != 0)
            throw system_error("cannot remove '" + path + "'");
        present.erase(present.begin() + static_cast<std::ptrdiff_t>(i));
    }
    sync_directory(directory_);
}

void SystemdBoot::stage(const BootEntryName& name, std::uint64_t size, const std::string& sha256,
                        const BootImageReader& content) {
    remove_unlisted(name);
    const std::string path = path_of(name);
    // Under this name in other letters, perhaps, which to FAT are the same.
    const BootEntry left = exists(path) ? describe(name) : BootEntry{name, false, 0, std::nullopt};
    if (left.listed)
        throw refused("cannot write '" + path + "': it is listed");
    const std::uint64_t more = size - std::min(left.size, size);
    if (const std::uint64_t free = free_space(0); more > free)
        throw Error("cannot write '" + path + "': it needs " + format_size(more) + ", " +
                    format_size(free) + " are free beside " + format_size(slack) + " of slack");
    stage_file(path, size, sha256, content);
}

void SystemdBoot::arm(const BootEntryName& name, ByteView first_sector) {
    if (first_sector.size() != first_sector_size || !starts_a_program(first_sector))
        throw refused("cannot arm '" + path_of(name) + "': its first sector starts no program");
    write_first_sector(path_of(name), first_sector);
}

std::optional<BootEntry> SystemdBoot::counted_twin(const BootEntryName& name) const {
    for (const BootEntry& entry : entries())
        if (entry.listed && entry.name.counter && same_system(entry.name, name))
            return entry;
    return std::nullopt;
}

void SystemdBoot::rename_durably(const BootEntryName& from, const BootEntryName& to) {
    const std::string path = path_of(to);
    // Held across the rename: syncfs needs a descriptor on the file system.
    const UniqueFd fd = open_file(path_of(from), O_RDONLY);
    if (::renameat2(AT_FDCWD, path_of(from).c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) != 0)
        throw system_error("cannot rename '" + path_of(from) + "' to '" + path + "'");
    sync_directory(directory_);
    sync_file_system(fd, path);
}

bool SystemdBoot::confirm(const BootEntryName& name) {
    const BootEntryName confirmed = name.confirmed();
    const std::string path = path_of(confirmed);
    const auto counted = counted_twin(name);
    const bool present = exists(path);
    const bool listed = present && describe(confirmed).listed;
    if (!counted && !listed)
        throw Error("cannot confirm '" + path + "': no boot entry of that system is listed");
    if (counted && present && !listed) {
        // A leftover without content to lose; since its twin is listed, they share nothing.
        if (::unlink(path.c_str()) != 0)
            throw system_error("cannot remove '" + path + "'");
    }
    if (counted && listed) {
        if (share_storage(path, path_of(counted->name)))
            say_warning("'" + path + "' has a second, counted name, leaving it");
        else
            unlist(counted->name);
    }
    if (listed)
        return false;
    rename_durably(counted->name, confirmed);
    return true;
}

void SystemdBoot::rearm(const BootEntryName& name, unsigned tries) {
    const std::string path = path_of(name);
    const Sector sector = read_first_sector(open_file(path, O_RDONLY), path);
    if (!starts_a_program(sector))
        throw refused("cannot give '" + path + "' new tries: it is not listed");
    BootEntryName fresh = name;
    fresh.counter = BootEntryName::Counter{tries, 0};
    // A power cut during the rename must find a file that nobody would start.
    unlist(name);
    rename_durably(name, fresh);
    arm(fresh, sector);
}

std::uint64_t SystemdBoot::free_space(std::uint64_t more) const {
    struct statvfs space {};
    if (::statvfs(directory_.c_str(), &space) != 0)
        throw system_error("cannot read the free space of '" + directory_ + "'");
    const std::uint64_t free = std::uint64_t{space.f_bavail} * space.f_frsize + more;
    return free - std::min(free, slack);
}

} // namespace quoin
