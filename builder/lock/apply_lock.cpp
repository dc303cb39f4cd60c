// SPDX-License-Identifier: Apache-2.0
#include "builder/lock/apply_lock.hpp"

#include "base/error.hpp"
#include "base/file.hpp"

#include <filesystem>

namespace quoin {

std::vector<std::string> asked_of_debian(const DebianSource& source) {
    std::vector<std::string> lines{"suite=" + source.suite, "variant=" + source.variant,
                                   std::string("security=") + (source.security ? "true" : "false")};
    for (const std::string& component : source.components)
        lines.push_back("component=" + component);
    for (const std::string& package : source.packages)
        lines.push_back("package=" + package);
    for (const std::string& package : source.local_packages)
        lines.push_back("local_package=" + std::filesystem::path(package).filename().string() +
                        " sha256=" + sha256_of_file(open_file(package, O_RDONLY), package).hex());
    return lines;
}

void apply_lock(Recipe& recipe) {
    const std::string path = lock_path(recipe.path);
    if (!exists(path))
        return;
    const Lock lock = read_lock(path);
    auto* debian = std::get_if<DebianSource>(&recipe.source);
    const bool fits = lock.architecture == recipe.architecture &&
                      (debian != nullptr) == lock.debian.has_value() &&
                      (debian == nullptr || asked_of_debian(*debian) == lock.debian->asked_for);
    if (!fits)
        throw refused("lock file '" + path +
                      "' is not for what the recipe now asks for; `quoin "
                      "lock` writes it anew");
    recipe.boot_files = lock.boot_files;
    recipe.tools = lock.tools;
    if (debian != nullptr) {
        debian->pins = lock.debian->packages;
        recipe.time = recipe.time ? recipe.time : lock.debian->time;
    }
}

} // namespace quoin
