// SPDX-License-Identifier: Apache-2.0
// `quoin cache`: what earlier builds left for later ones.
#include "builder/commands/cache.hpp"

#include "base/units.hpp"
#include "builder/cache/cache_directory.hpp"
#include "builder/cache/pack.hpp"

#include <fmt/format.h>
#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace quoin {
namespace {

std::string_view name_of(CacheFileKind kind) {
    switch (kind) {
    case CacheFileKind::blocks:
        return "blocks";
    case CacheFileKind::debian_root:
        return "debian root";
    case CacheFileKind::unfinished:
        return "unfinished";
    }
    throw std::logic_error("unknown kind of a file in a cache");
}

/// How many blocks a pack holds; nothing for other files and for a pack that cannot be read.
std::optional<std::size_t> blocks_in(const std::string& directory, const CacheFile& file) {
    if (file.kind != CacheFileKind::blocks)
        return std::nullopt;
    const auto pack = Pack::open(directory + "/" + file.name);
    return pack ? std::optional(pack->records().size()) : std::nullopt;
}

nlohmann::json as_json(const CacheFile& file) {
    return {{"name", file.name},
            {"kind", name_of(file.kind)},
            {"size", file.size},
            {"last_used", file.last_used / nanoseconds_in_a_second}};
}

std::string contents_of(const std::string& directory, const CacheFile& file) {
    if (file.kind != CacheFileKind::blocks)
        return std::string(name_of(file.kind));
    const auto blocks = blocks_in(directory, file);
    return blocks ? std::to_string(*blocks) + " blocks" : "damaged, of no use";
}

std::string as_text(const std::string& directory, const std::vector<CacheFile>& files) {
    std::string text;
    std::uint64_t total = 0;
    const std::int64_t now = file_clock_now();
    for (const CacheFile& file : files) {
        const auto age = static_cast<double>(now - file.last_used) / nanoseconds_in_a_second;
        text += fmt::format("{:>10}  {:<18}  used {} ago  {}\n", format_size(file.size),
                            contents_of(directory, file), format_duration(age), file.name);
        total += file.size;
    }
    return text + fmt::format("{:>10}  in {} files\n", format_size(total), files.size());
}

} // namespace

void show_cache(const CacheOptions& options) {
    const auto files = list_cache(options.directory);
    if (!options.json) {
        std::cout << as_text(options.directory, files) << std::flush;
        return;
    }
    auto list = nlohmann::json::array();
    std::uint64_t total = 0;
    for (const CacheFile& file : files) {
        auto entry = as_json(file);
        if (file.kind == CacheFileKind::blocks) {
            const auto blocks = blocks_in(options.directory, file);
            entry["blocks"] = blocks ? nlohmann::json(*blocks) : nlohmann::json();
        }
        list.push_back(std::move(entry));
        total += file.size;
    }
    std::cout << nlohmann::json{{"size", total}, {"files", list}}.dump(2) << std::endl;
}

void trim_cache(const CacheOptions& options) {
    const auto trim = trim_cache_directory(options.directory, options.size);
    if (options.json) {
        auto list = nlohmann::json::array();
        for (const CacheFile& file : trim.removed)
            list.push_back(as_json(file));
        std::cout << nlohmann::json{{"size", trim.size}, {"removed", list}}.dump(2) << std::endl;
        return;
    }
    for (const CacheFile& file : trim.removed)
        std::cout << "removed " << file.name << " (" << format_size(file.size) << ")\n";
    std::cout << format_size(trim.size) << " left" << std::endl;
}

} // namespace quoin
