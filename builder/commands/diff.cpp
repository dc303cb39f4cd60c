// SPDX-License-Identifier: Apache-2.0
// `quoin diff OLD NEW`: what an update from one release to another would change and cost.
#include "builder/commands/diff.hpp"

#include "base/terminal.hpp"
#include "base/units.hpp"
#include "builder/artifacts/compare_releases.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iostream>
#include <nlohmann/json.hpp>

namespace quoin {
namespace {

constexpr std::size_t largest_files_shown = 10;

std::string_view name_of(FileFate fate) {
    switch (fate) {
    case FileFate::added:
        return "added";
    case FileFate::removed:
        return "removed";
    case FileFate::changed:
        return "changed";
    }
    throw std::logic_error("unknown fate of a file");
}

std::vector<FileChange> largest(std::vector<FileChange> files) {
    std::ranges::stable_sort(files, std::ranges::greater(), &FileChange::size);
    files.resize(std::min(files.size(), largest_files_shown));
    return files;
}

std::size_t count(const std::vector<FileChange>& files, FileFate fate) {
    return static_cast<std::size_t>(std::ranges::count(files, fate, &FileChange::fate));
}

std::string as_json(const ReleaseView& old_release, const ReleaseView& new_release,
                    const ReleaseComparison& comparison) {
    const auto or_null = [](const std::string& text) {
        return text.empty() ? nlohmann::json() : nlohmann::json(text);
    };
    auto packages = nlohmann::json::array();
    for (const auto& change : comparison.packages)
        packages.push_back({{"name", change.name},
                            {"old", or_null(change.old_version)},
                            {"new", or_null(change.new_version)}});
    auto files = nlohmann::json::array();
    for (const auto& change : comparison.files)
        files.push_back(
            {{"path", "/" + change.path}, {"change", name_of(change.fate)}, {"size", change.size}});
    const auto& cost = comparison.cost;
    const nlohmann::json result = {{"old", old_release.name},        {"new", new_release.name},
                                   {"packages", packages},           {"files", files},
                                   {"bytes_to_fetch", cost.total()}, {"bytes_chunks", cost.chunks},
                                   {"bytes_index", cost.index},      {"bytes_head", cost.head},
                                   {"bytes_total", cost.whole}};
    return result.dump(2, ' ', true, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string as_text(const ReleaseView& old_release, const ReleaseView& new_release,
                    const ReleaseComparison& comparison) {
    auto text = fmt::format("{} -> {}\n", printable(old_release.name), printable(new_release.name));
    text += fmt::format("\npackages: {}\n", comparison.packages.empty()
                                                ? "no changes"
                                                : std::to_string(comparison.packages.size()));
    for (const auto& change : comparison.packages)
        text += fmt::format("  {:<32} {} -> {}\n", printable(change.name),
                            change.old_version.empty() ? "(none)" : printable(change.old_version),
                            change.new_version.empty() ? "(none)" : printable(change.new_version));
    const auto& files = comparison.files;
    text +=
        fmt::format("\nfiles: {} changed, {} added, {} removed\n", count(files, FileFate::changed),
                    count(files, FileFate::added), count(files, FileFate::removed));
    for (const auto& change : largest(files))
        text += fmt::format("  {:<8} {:>10}  {}\n", name_of(change.fate), format_size(change.size),
                            printable("/" + change.path));
    const auto& cost = comparison.cost;
    text += fmt::format("\na node fetches {} of {}: new blocks {}, index {}, head {}\n",
                        format_size(cost.total()), format_size(cost.whole),
                        format_size(cost.chunks), format_size(cost.index), format_size(cost.head));
    return text;
}

} // namespace

void diff(const DiffOptions& options) {
    auto old_release = open_release(options.old_file);
    auto new_release = open_release(options.new_file);
    const auto comparison = compare_releases(old_release, new_release);
    std::cout << (options.json ? as_json(old_release, new_release, comparison)
                               : as_text(old_release, new_release, comparison))
              << std::flush;
}

} // namespace quoin
