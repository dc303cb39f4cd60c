// SPDX-License-Identifier: Apache-2.0
#include "builder/commands/lock.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/terminal.hpp"
#include "builder/interruption.hpp"
#include "builder/lock/apply_lock.hpp"
#include "builder/lock/apt_archive.hpp"
#include "builder/recipe.hpp"
#include "builder/stages/boot_files.hpp"

#include <fmt/format.h>
#include <iostream>
#include <map>

namespace quoin {
namespace {

DebianPins pin_debian(const DebianSource& source, const std::string& architecture) {
    say_detail("asking the Debian archive");
    const AptArchive archive(source, architecture);
    check_interruption();
    return {asked_of_debian(source), archive.time(), archive.resolve(source)};
}

Lock make_lock(const Recipe& recipe) {
    Lock lock;
    lock.architecture = recipe.architecture;
    lock.boot_files = installed_boot_files(recipe);
    lock.tools = installed_tools();
    if (const auto* debian = std::get_if<DebianSource>(&recipe.source))
        lock.debian = pin_debian(*debian, recipe.architecture);
    return lock;
}

struct Pinned {
    std::string version;
    std::string sha256;
};

/// By file and by package.
std::map<std::string, Pinned> pins_in(const Lock& lock) {
    std::map<std::string, Pinned> pins;
    for (const PinnedBootFile& file : lock.boot_files)
        pins[file.file] = {file.package.version, file.sha256.hex()};
    if (lock.debian)
        for (const PinnedPackage& package : lock.debian->packages)
            pins[package.name] = {package.version, package.sha256.hex()};
    return pins;
}

/// One line a difference.
std::string differences(const Lock& before, const Lock& now) {
    std::string text;
    auto old = pins_in(before);
    for (const auto& [name, pin] : pins_in(now)) {
        const auto found = old.find(name);
        if (found == old.end())
            text += fmt::format("  + {} {}\n", name, pin.version);
        else if (found->second.version != pin.version)
            text += fmt::format("  {} {} -> {}\n", name, found->second.version, pin.version);
        else if (found->second.sha256 != pin.sha256)
            text += fmt::format("  {} {}: other content, SHA-256 {} -> {}\n", name, pin.version,
                                found->second.sha256, pin.sha256);
        if (found != old.end())
            old.erase(found);
    }
    for (const auto& [name, pin] : old)
        text += fmt::format("  - {} {}\n", name, pin.version);
    return text;
}

std::string report(const std::string& path, const Lock& lock, const std::string& changes) {
    auto text = path + ": ";
    if (lock.debian)
        text += fmt::format("{} packages, ", lock.debian->packages.size());
    return text +
           fmt::format("{} boot files{}\n", lock.boot_files.size(),
                       changes.empty() ? "" : "; changed:") +
           changes;
}

} // namespace

void lock(const LockOptions& options) {
    const Recipe recipe = read_recipe(options.recipe, options.settings);
    const Lock made = interruptible([&recipe] { return make_lock(recipe); });
    check_interruption();
    const std::string path = lock_path(recipe.path);
    std::string changes;
    if (exists(path))
        try {
            changes = differences(read_lock(path), made);
        } catch (const Error& damaged) {
            say_warning(std::string(damaged.what()) + ", replacing it");
        }
    const std::string text = made.serialize();
    replace_file_durably(path, bytes_of(text));
    std::cout << (options.json ? text : report(path, made, changes)) << std::flush;
}

} // namespace quoin
