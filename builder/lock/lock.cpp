// SPDX-License-Identifier: Apache-2.0
#include "builder/lock/lock.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/units.hpp"
#include "base/whole_number.hpp"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace quoin {

namespace {

using nlohmann::json;

constexpr int lock_format = 1;

Digest digest_of(const json& object) {
    const auto digest = Digest::parse(object.at("sha256").get<std::string>());
    if (!digest)
        throw refused("'sha256' is no SHA-256");
    return *digest;
}

std::string word_of(const json& object, const char* key) {
    auto word = object.at(key).get<std::string>();
    if (!is_lock_word(word))
        throw refused(std::string("'") + key + "' is not one word");
    return word;
}

std::int64_t whole_number_of(const json& object, const char* key) {
    const auto number = whole_number<std::int64_t>(object.at(key));
    if (!number)
        throw refused(std::string("'") + key + "' is not a whole number of 64 bits");
    return *number;
}

json described(const PinnedPackage& package) {
    return {{"package", package.name},
            {"version", package.version},
            {"architecture", package.architecture}};
}

PinnedPackage package_of(const json& object) {
    return {word_of(object, "package"),
            word_of(object, "version"),
            word_of(object, "architecture"),
            {}};
}

json described(const PinnedBootFile& file) {
    json object = described(file.package);
    object["file"] = file.file;
    object["sha256"] = file.sha256.hex();
    return object;
}

json described(const DebianPins& pins) {
    json packages = json::array();
    for (const PinnedPackage& package : pins.packages) {
        packages.push_back(described(package));
        packages.back()["sha256"] = package.sha256.hex();
    }
    return {{"asked_for", pins.asked_for}, {"time", pins.time}, {"packages", packages}};
}

DebianPins debian_of(const json& object) {
    DebianPins pins;
    pins.asked_for = object.at("asked_for").get<std::vector<std::string>>();
    pins.time = whole_number_of(object, "time");
    for (const json& listed : object.at("packages")) {
        pins.packages.push_back(package_of(listed));
        if (pins.packages.back().name.empty() || pins.packages.back().version.empty())
            throw refused("a package without name or version");
        pins.packages.back().sha256 = digest_of(listed);
    }
    if (pins.packages.empty() || pins.time < 0)
        throw refused("no packages, or a time before 1970");
    return pins;
}

Lock lock_of(const json& object) {
    if (whole_number_of(object, "format") != lock_format)
        throw refused("its format is " + object.at("format").dump() + ", expected " +
                      std::to_string(lock_format));
    Lock lock;
    lock.architecture = object.at("architecture").get<std::string>();
    for (const json& listed : object.at("boot_files"))
        lock.boot_files.push_back({word_of(listed, "file"), package_of(listed), digest_of(listed)});
    if (lock.boot_files.empty())
        throw refused("no boot files");
    for (const json& listed : object.at("tools"))
        lock.tools.push_back({word_of(listed, "package"), word_of(listed, "version")});
    if (object.contains("debian"))
        lock.debian = debian_of(object.at("debian"));
    return lock;
}

} // namespace

bool is_lock_word(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f' && c != '/'; });
}

std::string Lock::serialize() const {
    json object = {{"format", lock_format},
                   {"architecture", architecture},
                   {"boot_files", json::array()},
                   {"tools", json::array()}};
    for (const PinnedBootFile& file : boot_files)
        object["boot_files"].push_back(described(file));
    for (const PinnedTool& tool : tools)
        object["tools"].push_back({{"package", tool.package}, {"version", tool.version}});
    if (debian)
        object["debian"] = described(*debian);
    return object.dump(2) + "\n";
}

Lock Lock::parse(std::string_view text, const std::string& name) {
    const std::string context = "cannot use lock file '" + name + "'";
    try {
        return in_context(context, [&] { return lock_of(json::parse(text)); });
    } catch (const json::exception&) {
        throw refused(context + ": it is incomplete or no JSON; `quoin lock` writes it");
    }
}

Lock read_lock(const std::string& path) {
    constexpr std::uint64_t largest = 64 * MiB;
    return Lock::parse(read_text(path, largest), path);
}

std::string lock_path(const std::string& recipe_path) {
    const auto path = std::filesystem::path(recipe_path).replace_extension(".lock").string();
    if (path == recipe_path)
        throw Error(ErrorCode::usage,
                    "recipe '" + recipe_path + "' has the name of its own lock file; call it '" +
                        std::filesystem::path(recipe_path).stem().string() + ".toml'");
    return path;
}

} // namespace quoin
