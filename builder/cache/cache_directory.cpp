// SPDX-License-Identifier: Apache-2.0
#include "builder/cache/cache_directory.hpp"

#include "base/error.hpp"
#include "builder/cache/pack.hpp"
#include "builder/cache/root_archive.hpp"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <filesystem>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace quoin {

namespace {

constexpr std::int64_t abandoned_after = 24 * 60 * 60 * nanoseconds_in_a_second;

std::int64_t to_nanoseconds(const timespec& time) {
    return std::int64_t{time.tv_sec} * nanoseconds_in_a_second + time.tv_nsec;
}

std::optional<CacheFileKind> kind_of(const std::string& name) {
    if (is_pack_name(name))
        return CacheFileKind::blocks;
    if (is_root_archive_name(name))
        return CacheFileKind::debian_root;
    const bool is_ours = name.starts_with(".blocks-") || name.starts_with(".debian-");
    if (is_ours && name.find(".part-") != std::string::npos)
        return CacheFileKind::unfinished;
    return std::nullopt;
}

std::string path_in(const std::string& directory, const CacheFile& file) {
    return directory + "/" + file.name;
}

} // namespace

std::vector<CacheFile> list_cache(const std::string& directory) {
    std::error_code error;
    std::vector<CacheFile> files;
    // Advanced by hand: the loop's own ++ would throw what is no Error.
    for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
         entry.increment(error)) {
        CacheFile file;
        file.name = entry->path().filename().string();
        const auto kind = kind_of(file.name);
        struct stat status {};
        if (!kind || ::lstat(entry->path().c_str(), &status) != 0 || !S_ISREG(status.st_mode))
            continue; // not ours, or removed by another build meanwhile
        file.kind = *kind;
        file.size = static_cast<std::uint64_t>(status.st_size);
        file.last_used = to_nanoseconds(status.st_mtim);
        files.push_back(std::move(file));
    }
    if (error)
        throw Error("cannot read cache directory '" + directory + "': " + error.message());
    std::ranges::sort(files, [](const CacheFile& a, const CacheFile& b) {
        return a.last_used != b.last_used ? a.last_used > b.last_used : a.name < b.name;
    });
    return files;
}

std::int64_t file_clock_now() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return to_nanoseconds(now);
}

void mark_used(FdRef file) noexcept {
    const timespec now[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
    (void)::futimens(file.get(), now);
}

CacheTrim trim_cache_directory(const std::string& directory, std::uint64_t size) {
    CacheTrim trim;
    std::uint64_t kept = 0;
    const std::int64_t now = file_clock_now();
    for (CacheFile& file : list_cache(directory)) { // the last used first
        const bool goes = file.kind == CacheFileKind::unfinished
                              ? file.last_used < now - abandoned_after
                              : file.size > size - std::min(size, kept);
        if (!goes) {
            kept += file.kind == CacheFileKind::unfinished ? 0 : file.size;
            continue;
        }
        if (::unlink(path_in(directory, file).c_str()) != 0 && errno != ENOENT)
            throw system_error("cannot remove '" + path_in(directory, file) + "'");
        trim.removed.push_back(std::move(file));
    }
    trim.size = kept;
    return trim;
}

} // namespace quoin
