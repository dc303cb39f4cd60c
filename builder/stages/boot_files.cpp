// SPDX-License-Identifier: Apache-2.0
#include "builder/stages/boot_files.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/process.hpp"
#include "base/units.hpp"
#include "crypto/digest.hpp"

#include <algorithm>
#include <filesystem>
#include <sstream>

namespace quoin {
namespace {

constexpr const char* boot_files_directory = "/usr/lib/systemd/boot/efi/";
constexpr std::uint64_t max_boot_file_size = 16 * MiB;

/// Packages of which programs or libraries write parts of the outputs.
constexpr std::array<const char*, 6> tool_packages = {"dosfstools", "e2fsprogs", "libsquashfs1",
                                                      "mmdebstrap", "mtools",    "osslsigncode"};

/// What dpkg knows of a package; nothing where it is not installed, or there is no dpkg.
std::optional<PinnedPackage> installed_package(const std::string& name) {
    ProcessResult result;
    try {
        result = run({"dpkg-query", "-W", "-f", "${Package} ${Version} ${Architecture}\n", name});
    } catch (const Error&) {
        return std::nullopt;
    }
    std::istringstream words(result.output);
    PinnedPackage package;
    if (result.status != 0 || !(words >> package.name >> package.version >> package.architecture))
        return std::nullopt;
    return package;
}

/// The package that a file belongs to; empty fields where nobody knows.
PinnedPackage owner_of(const std::string& path) {
    try {
        // "systemd-boot-efi:amd64: /usr/lib/…"; the architecture only where there are several
        const auto result = run({"dpkg-query", "-S", path});
        if (const auto end = result.output.find(": "); end != std::string::npos)
            return installed_package(result.output.substr(0, end)).value_or(PinnedPackage());
    } catch (const Error&) {
        // No dpkg.
    }
    return {};
}

} // namespace

std::string efi_architecture(const std::string& architecture) {
    return architecture == "arm64" ? "aa64" : "x64";
}

std::string boot_file_path(const std::string& name, const std::string& architecture) {
    auto path = boot_files_directory + name;
    return path.replace(path.find('%'), 1, efi_architecture(architecture));
}

Bytes read_boot_file(const std::string& name, const Recipe& recipe) {
    const auto path = boot_file_path(name, recipe.architecture);
    if (!exists(path))
        throw Error("cannot find '" + path + "' for " + recipe.architecture +
                    ": install the package systemd-boot-efi of that architecture");
    auto content = read_file(path, max_boot_file_size);
    if (recipe.boot_files.empty())
        return content; // no lock
    const auto pin = std::ranges::find(
        recipe.boot_files, std::filesystem::path(path).filename().string(), &PinnedBootFile::file);
    if (pin == recipe.boot_files.end())
        throw refused("the lock file does not pin '" + path + "'; `quoin lock` writes it anew");
    if (pin->sha256 != sha256(content))
        throw refused("'" + path + "' is not what the lock file pins; install " +
                      pin->package.text() + ", or `quoin lock` takes the one that is here");
    return content;
}

std::vector<PinnedBootFile> installed_boot_files(const Recipe& recipe) {
    std::vector<PinnedBootFile> files;
    for (const char* name : {stub_file, loader_file}) {
        const auto path = boot_file_path(name, recipe.architecture);
        files.push_back({std::filesystem::path(path).filename().string(), owner_of(path),
                         sha256(read_boot_file(name, recipe))});
    }
    return files;
}

std::vector<PinnedTool> installed_tools() {
    std::vector<PinnedTool> tools;
    for (const char* name : tool_packages)
        if (const auto package = installed_package(name))
            tools.push_back({package->name, package->version});
    return tools;
}

std::vector<std::string> other_tools(const std::vector<PinnedTool>& locked) {
    std::vector<std::string> warnings;
    if (locked.empty())
        return warnings;
    const auto here = installed_tools();
    for (const PinnedTool& tool : locked) {
        const auto same = std::ranges::find(here, tool.package, &PinnedTool::package);
        if (same == here.end() || same->version != tool.version)
            warnings.push_back("the lock file was written with " + tool.package + " " +
                               tool.version + ", here is " +
                               (same == here.end() ? "none" : same->version) +
                               ": the outputs may not be the same bytes");
    }
    return warnings;
}

} // namespace quoin
