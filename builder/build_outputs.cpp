// SPDX-License-Identifier: Apache-2.0
#include "builder/build_outputs.hpp"

#include "base/error.hpp"

#include <filesystem>
#include <vector>

namespace quoin {

BuildOutputs::Directory::Directory(std::string name) : path(std::move(name)) {
    std::error_code error;
    made = std::filesystem::create_directories(path, error);
    if (error)
        throw Error("cannot create directory '" + path + "': " + error.message());
}

BuildOutputs::Directory::~Directory() {
    std::error_code not_empty; // is what it should be after a build that worked
    if (made)
        std::filesystem::remove(path, not_empty);
}

BuildOutputs::BuildOutputs(const std::string& directory, const std::string& name)
    : directory_(directory), disk(directory + "/" + name + ".raw"),
      bundle(directory + "/" + name + ".quoin"), uki(directory + "/" + name + ".efi"),
      report(directory + "/" + name + ".json") {}

void BuildOutputs::commit() {
    const std::array<PendingFile*, 4> files = {&disk, &bundle, &uki, &report};
    // The slow part before the first name: the renames then follow each other at once.
    for (const auto* file : files)
        sync_file(file->fd(), file->temporary_path());
    std::vector<std::string> named;
    try {
        for (auto* file : files) {
            file->commit();
            named.push_back(file->final_path());
        }
    } catch (const Error&) {
        for (const auto& path : named)
            std::filesystem::remove(path);
        throw;
    }
}

} // namespace quoin
