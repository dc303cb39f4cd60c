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

constexpr std::size_t most_shown = 10; // of lists that only begin

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

std::vector<FileChange> largest_files(std::vector<FileChange> files) {
    std::ranges::stable_sort(files, std::ranges::greater(), &FileChange::size);
    files.resize(std::min(files.size(), most_shown));
    return files;
}

std::size_t count(const std::vector<FileChange>& files, FileFate fate) {
    return static_cast<std::size_t>(std::ranges::count(files, fate, &FileChange::fate));
}

nlohmann::json top_as_json(const std::vector<Cause>& causes) {
    auto list = nlohmann::json::array();
    for (const auto& cause : largest(causes, most_shown))
        list.push_back({{"name", cause.name}, {"bytes", cause.bytes}});
    return list;
}

std::string top_as_text(const std::vector<Cause>& causes) {
    std::string text;
    for (const auto& cause : largest(causes, most_shown))
        text += fmt::format("  {:>10}  {}\n", format_size(cause.bytes), printable(cause.name));
    return text;
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
    const nlohmann::json result = {{"old", old_release.name},
                                   {"new", new_release.name},
                                   {"packages", packages},
                                   {"files", files},
                                   {"bytes_to_fetch", cost.fetched()},
                                   {"bytes_to_write", cost.written},
                                   {"bytes_chunks", cost.chunks},
                                   {"bytes_index", cost.index},
                                   {"bytes_head", cost.head},
                                   {"bytes_total", cost.whole},
                                   {"causes",
                                    {{"packages", top_as_json(comparison.causes.packages)},
                                     {"files", top_as_json(comparison.causes.files)}}}};
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
    for (const auto& change : largest_files(files))
        text += fmt::format("  {:<8} {:>10}  {}\n", name_of(change.fate), format_size(change.size),
                            printable("/" + change.path));
    const auto& cost = comparison.cost;
    text += fmt::format("\na node fetches {} of {}: new blocks {}, index {}, head {}\n",
                        format_size(cost.fetched()), format_size(cost.whole),
                        format_size(cost.chunks), format_size(cost.index), format_size(cost.head));
    text += fmt::format("it writes at most {}\n", format_size(cost.written));
    if (cost.chunks > 0)
        text += "\nnew blocks by package:\n" + top_as_text(comparison.causes.packages) +
                "\nnew blocks by file:\n" + top_as_text(comparison.causes.files);
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
