// SPDX-License-Identifier: Apache-2.0
// mkfs.vfat --invariant and mtools with SOURCE_DATE_EPOCH and UTC make the same bytes every time,
// as long as records are created in one order: directories first, everything sorted; then what is
// added.
#include "builder/stages/esp.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/process.hpp"
#include "base/units.hpp"
#include "builder/node_files.hpp"
#include "builder/stages/boot_files.hpp"
#include "builder/stages/full_disk.hpp"
#include "builder/stages/secure_boot.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <sstream>

namespace quoin {
namespace {

constexpr const char* uki_directory = "/EFI/Linux/";

Bytes text_bytes(std::string_view text) {
    return {text.begin(), text.end()};
}

ProcessOptions mtools_options(std::int64_t time) {
    ProcessOptions options;
    // The lower ones are mtools's own values, which /etc/mtools.conf or the user's environment
    // could change.
    options.environment = {{"SOURCE_DATE_EPOCH", std::to_string(time)},
                           {"TZ", "UTC0"},
                           {"LC_ALL", "C.UTF-8"},
                           {"MTOOLSRC", "/dev/null"},
                           {"MTOOLS_SKIP_CHECK", "1"},
                           {"DEFAULT_CODEPAGE", "850"},
                           {"MTOOLS_DOTTED_DIR", "0"},
                           {"MTOOLS_FAT_COMPATIBILITY", "0"},
                           {"MTOOLS_LOWER_CASE", "0"},
                           {"MTOOLS_NAME_NUMERIC_TAIL", "1"},
                           {"MTOOLS_NO_VFAT", "0"}};
    return options;
}

std::string drive(const std::string& image, std::uint64_t start) {
    return fmt::format("{}@@{}", image, start);
}

/// Every directory on the way to the files, parents before children.
std::vector<std::string> directories_of(const std::vector<EspFile>& files) {
    std::set<std::string> directories;
    for (const auto& file : files)
        for (auto slash = file.path.find('/', 1); slash != std::string::npos;
             slash = file.path.find('/', slash + 1))
            directories.insert("::" + file.path.substr(0, slash));
    return {directories.begin(), directories.end()};
}

void make_directories(const std::string& drive, const std::vector<std::string>& directories,
                      const ProcessOptions& options) {
    std::vector<std::string> command = {"mmd", "-i", drive};
    std::ranges::copy(directories, std::back_inserter(command));
    run_checked(command, options);
}

void copy_file(const std::string& drive, const EspFile& file, const ProcessOptions& options) {
    const TemporaryDirectory directory;
    const auto source = directory.path() + "/file";
    {
        const auto fd = open_file(source, O_WRONLY | O_CREAT | O_EXCL, 0600);
        pwrite_all(fd, file.content, 0, source);
    }
    run_checked({"mcopy", "-i", drive, source, "::" + file.path}, options);
}

/// Firmware and mtools tell FAT32 from FAT16 by the number of clusters alone, so it must be large
/// enough whatever the size: clusters of 4 KiB at most, smaller on a small partition.
unsigned sectors_per_cluster(std::uint64_t esp_size, unsigned sector_size) {
    constexpr std::uint64_t least_clusters = 65525;
    constexpr std::uint64_t reserved_sectors = 32;
    constexpr std::uint64_t margin = 64; // rounding of the tables to whole clusters
    const auto sectors = esp_size / sector_size;
    for (unsigned per_cluster = 4096 / sector_size; per_cluster >= 1; per_cluster /= 2) {
        const auto table = (sectors / per_cluster * 4 + sector_size - 1) / sector_size;
        const auto overhead = reserved_sectors + 2 * table + margin;
        if (sectors > overhead && (sectors - overhead) / per_cluster >= least_clusters)
            return per_cluster;
    }
    throw Error(ErrorCode::usage,
                fmt::format("'esp_size' is {}, too small for FAT32 with sectors of {}: "
                            "at least {} are needed",
                            format_size(esp_size), format_size(sector_size),
                            format_size(round_up(least_clusters * (sector_size + 16), MiB))));
}

void check_room_for_update(const std::vector<EspFile>& files, std::uint64_t esp_size) {
    // Two file allocation tables, directories and cluster rounding take a little over 1 %.
    std::uint64_t needed = esp_size / 64 + MiB;
    for (const auto& file : files)
        needed += file.content.size() * (file.path.starts_with(uki_directory) ? 2 : 1);
    if (needed > esp_size)
        throw Error(ErrorCode::usage,
                    fmt::format("'esp_size' is {}, but two kernels and the boot loader "
                                "take {}: a node could not update",
                                format_size(esp_size), format_size(needed)));
}

} // namespace

std::vector<EspFile> loader_files(const Recipe& recipe, const BuildKeys& keys, std::int64_t time) {
    const auto loader =
        sign_for_secure_boot(read_boot_file(loader_file, recipe), keys, time, "systemd-boot");
    const auto architecture = efi_architecture(recipe.architecture);
    auto fallback_name = "BOOT" + architecture + ".EFI";
    std::ranges::transform(fallback_name, fallback_name.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c; });
    return {{"/EFI/BOOT/" + fallback_name, loader},
            {"/EFI/systemd/systemd-boot" + architecture + ".efi", loader},
            {"/loader/loader.conf", text_bytes(node_file("loader.conf"))},
            {"/loader/entries.srel", text_bytes("type1\n")}};
}

void write_esp(const std::string& image, Extent place, unsigned sector_size,
               std::uint32_t volume_id, std::int64_t time, std::vector<EspFile> files) {
    check_room_for_update(files, place.size);
    const auto per_cluster = sectors_per_cluster(place.size, sector_size);
    const auto options = mtools_options(time);
    // Whole kibibytes are mkfs.vfat's unit of size; --offset counts sectors.
    writing_into(image, "cannot make the ESP", [&] {
        run_checked(
            {"mkfs.vfat", "-F", "32", "--invariant", "-n", "ESP", "-S", std::to_string(sector_size),
             "-s", std::to_string(per_cluster), "-h", std::to_string(place.start / sector_size),
             "-i", fmt::format("{:08x}", volume_id), "--offset",
             std::to_string(place.start / sector_size), image, std::to_string(place.size / KiB)},
            options);

        make_directories(drive(image, place.start), directories_of(files), options);
        std::ranges::sort(files, {}, &EspFile::path);
        for (const auto& file : files)
            copy_file(drive(image, place.start), file, options);
    });
}

void add_to_esp(const std::string& image, std::uint64_t start, std::int64_t time,
                const EspFile& file) {
    const auto options = mtools_options(time);
    writing_into(image, "cannot complete the ESP", [&] {
        make_directories(drive(image, start), {directories_of({file}).back()}, options);
        copy_file(drive(image, start), file, options);
    });
}

std::vector<std::string> list_esp(const std::string& image, std::uint64_t start,
                                  const std::string& directory) {
    const auto result =
        run({"mdir", "-b", "-i", drive(image, start), "::" + directory}, mtools_options(0));
    std::vector<std::string> names;
    std::istringstream lines(result.output);
    for (std::string line; std::getline(lines, line);) {
        if (line.ends_with('/') || line.empty())
            continue;
        names.push_back(line.substr(line.find_last_of('/') + 1));
    }
    std::ranges::sort(names);
    return names;
}

std::optional<Bytes> read_esp_file(const std::string& image, std::uint64_t start,
                                   const std::string& path) {
    const auto result =
        run({"mcopy", "-i", drive(image, start), "::" + path, "-"}, mtools_options(0));
    if (result.status != 0)
        return std::nullopt;
    return Bytes(result.output.begin(), result.output.end());
}

} // namespace quoin
