// SPDX-License-Identifier: Apache-2.0
#include "agent/steps/keep_manifest.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "bundle/head.hpp"

#include <fcntl.h>
#include <filesystem>

namespace quoin {

namespace {

const std::string suffix = ".manifest";

constexpr std::uint64_t max_head_size =
    bundle_header_size + max_signatures_size + max_manifest_size;

std::string directory_in(const std::string& esp_directory) {
    return esp_directory + "/EFI/quoin";
}

void remove_others(const std::string& directory, const std::string& name,
                   const std::string& running) {
    std::error_code problem;
    for (const auto& file : std::filesystem::directory_iterator(directory, problem)) {
        const std::string found = file.path().filename().string();
        if (found.ends_with(suffix) && found != name + suffix && found != running + suffix)
            std::filesystem::remove(file.path(), problem);
    }
}

} // namespace

void keep_manifest(const std::string& esp_directory, const std::string& name, ByteView head,
                   const std::string& running) {
    const std::string directory = directory_in(esp_directory);
    const std::string path = directory + "/" + name + suffix;
    std::error_code problem;
    std::filesystem::create_directories(directory, problem);
    if (problem)
        throw system_error("cannot create '" + directory + "'", problem.value());
    remove_others(directory, name, running);
    // Not by a rename, which on FAT can leave two names on one chain of clusters.
    const UniqueFd fd = open_file(path, O_WRONLY | O_CREAT | O_TRUNC);
    pwrite_all(fd, head, 0, path);
    sync_file(fd, path);
    sync_file_system(fd, path);
}

std::optional<Manifest> kept_manifest(const std::string& esp_directory, const std::string& name,
                                      const TrustAnchors& anchors) {
    const std::string path = directory_in(esp_directory) + "/" + name + suffix;
    if (!exists(path))
        return std::nullopt;
    try {
        return BundleHead::parse(read_file(path, max_head_size)).authenticate(anchors);
    } catch (const Error&) {
        return std::nullopt;
    }
}

} // namespace quoin
