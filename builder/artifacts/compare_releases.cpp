// SPDX-License-Identifier: Apache-2.0
#include "builder/artifacts/compare_releases.hpp"

#include "builder/interruption.hpp"
#include "builder/stages/generations.hpp"
#include "disk/verity.hpp"

#include <array>
#include <set>

namespace quoin {
namespace {

Packages packages_of(RootReader& root) {
    Packages packages;
    const auto add = [&](const std::string& path) {
        if (const auto status = root.read(path))
            packages.merge(parse_dpkg_status(text_of(*status)));
    };
    add("var/lib/dpkg/status");
    for (const auto& name : root.list("var/lib/dpkg/status.d")) // images made without dpkg
        add("var/lib/dpkg/status.d/" + name);
    return packages;
}

bool same_metadata(const RootReader::File& a, const RootReader::File& b) {
    return a.type == b.type && a.mode == b.mode && a.uid == b.uid && a.gid == b.gid &&
           a.size == b.size && a.target == b.target && a.xattrs == b.xattrs;
}

std::vector<FileChange> compare_files(RootReader& old_root, RootReader& new_root) {
    std::map<std::string, RootReader::File> old_files;
    for (auto& file : old_root.walk())
        old_files.emplace(file.path, file);

    std::map<std::string, FileChange> changes;
    for (const auto& file : new_root.walk()) {
        check_interruption();
        const auto found = old_files.find(file.path);
        if (found == old_files.end()) {
            changes[file.path] = {FileFate::added, file.path, file.size};
            continue;
        }
        if (!same_metadata(found->second, file) ||
            (file.type == '-' && old_root.digest(file.path) != new_root.digest(file.path)))
            changes[file.path] = {FileFate::changed, file.path, file.size};
        old_files.erase(found);
    }
    for (const auto& [path, file] : old_files)
        changes[path] = {FileFate::removed, path, file.size};

    std::vector<FileChange> result;
    for (auto& [path, change] : changes)
        result.push_back(std::move(change));
    return result;
}

} // namespace

Packages parse_dpkg_status(std::string_view status) {
    Packages packages;
    std::string name, version, architecture, state;
    const auto finish = [&] {
        // "want flag status": what is installed or still has files of its own; only the former
        // counts.
        if (!name.empty() && (state.empty() || state.ends_with(" installed")) &&
            !packages.emplace(name, version).second)
            packages.emplace(name + ":" + architecture, version);
        name.clear(), version.clear(), architecture.clear(), state.clear();
    };
    while (!status.empty()) {
        const auto end = std::min(status.find('\n'), status.size());
        const auto line = status.substr(0, end);
        status.remove_prefix(std::min(end + 1, status.size()));
        if (line.empty()) {
            finish();
            continue;
        }
        const std::array<std::pair<std::string_view, std::string*>, 4> fields = {
            {{"Package: ", &name},
             {"Version: ", &version},
             {"Architecture: ", &architecture},
             {"Status: ", &state}}};
        for (const auto& [key, value] : fields)
            if (line.starts_with(key))
                *value = line.substr(key.size());
    }
    finish();
    return packages;
}

std::vector<PackageChange> compare_packages(const Packages& old_packages,
                                            const Packages& new_packages) {
    auto names = old_packages;
    names.insert(new_packages.begin(), new_packages.end());
    const auto version_in = [](const Packages& packages, const std::string& name) {
        const auto found = packages.find(name);
        return found == packages.end() ? std::string() : found->second;
    };
    std::vector<PackageChange> changes;
    for (const auto& [name, unused] : names) {
        PackageChange change{name, version_in(old_packages, name), version_in(new_packages, name)};
        if (change.old_version != change.new_version)
            changes.push_back(std::move(change));
    }
    return changes;
}

std::vector<bool> missing_chunks(const SlotIndex& old_index, const SlotIndex& new_index) {
    using Content = std::pair<std::array<std::uint8_t, 16>, std::uint32_t>;
    std::vector<bool> missing;
    const auto compare = [&](const std::vector<Chunk>& old_chunks,
                             const std::vector<Chunk>& new_chunks) {
        std::set<Content> present;
        for (const auto& chunk : old_chunks)
            present.emplace(chunk.hash, chunk.size);
        for (const auto& chunk : new_chunks)
            missing.push_back(!present.contains({chunk.hash, chunk.size}));
    };
    compare(old_index.root, new_index.root);
    compare(old_index.uki, new_index.uki);
    return missing;
}

ReleaseComparison compare_releases(ReleaseView& old_release, ReleaseView& new_release) {
    ReleaseComparison comparison;
    comparison.packages =
        compare_packages(packages_of(*old_release.root), packages_of(*new_release.root));
    comparison.files = compare_files(*old_release.root, *new_release.root);

    // Generations as if the new release had followed the old one: then what is new is what changed.
    SlotIndex index = new_release.index;
    Contents contents = new_release.contents;
    follow_previous(index, old_release.index);
    follow_previous(contents, old_release.contents);
    comparison.causes = find_causes(contents, index, missing_chunks(old_release.index, index));

    UpdateCost& cost = comparison.cost;
    for (const Cause& cause : comparison.causes.packages)
        cost.chunks += cause.bytes;
    cost.head = new_release.head_size;
    cost.index = new_release.index_size;
    cost.whole = index.root_size() + index.uki_size();
    cost.written = cost.whole + verity_area_size(index.root_size()) + cost.index + cost.head;
    return comparison;
}

} // namespace quoin
