// SPDX-License-Identifier: Apache-2.0
#include "builder/artifacts/package_owners.hpp"

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/units.hpp"

#include <algorithm>

namespace quoin {

namespace {

const std::string lists = "var/lib/dpkg/info";
constexpr std::string_view list_suffix = ".list";
constexpr std::string_view compiled_directory = "__pycache__/";
constexpr std::string_view merged = "usr/";
constexpr std::uint64_t most_list_text = 64 * MiB; // of a Debian desktop: 15
constexpr std::size_t most_paths = 1'000'000;      // each takes 60 bytes besides its text

/// ".../__pycache__/NAME.cpython-311.pyc" is made of ".../NAME.py".
std::string source_of(const std::string& path) {
    const std::size_t directory = path.rfind(compiled_directory);
    if (directory == std::string::npos || !path.ends_with(".pyc"))
        return path;
    const std::size_t name = directory + compiled_directory.size();
    return path.substr(0, directory) + path.substr(name, path.find('.', name) - name) + ".py";
}

Error more_than(const std::string& limit) {
    return refused("cannot use the package lists in '" + lists + "': they hold more than " + limit);
}

} // namespace

PackageOwners::PackageOwners(RootReader& root, TextStore& names) {
    std::uint64_t left = most_list_text;
    for (const auto& file : root.list(lists)) {
        if (!file.ends_with(list_suffix))
            continue;
        const std::string path = lists + "/" + file;
        if (root.size_of(path) > left)
            throw more_than(format_size(most_list_text));
        auto content = root.read(path);
        if (!content)
            continue;
        left -= content->size();
        std::string package = file.substr(0, file.size() - list_suffix.size());
        package.erase(std::min(package.find(':'), package.size())); // ":amd64"
        const auto number = static_cast<std::uint32_t>(packages_.size());
        packages_.push_back(names.keep(package));
        lists_.push_back(std::move(*content));
        for (std::string_view rest = text_of(lists_.back()); !rest.empty();) {
            const std::size_t end = std::min(rest.find('\n'), rest.size());
            if (rest.starts_with('/'))
                owners_.emplace(rest.substr(1, end - 1), number);
            if (owners_.size() > most_paths)
                throw more_than(std::to_string(most_paths) + " paths");
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    }
}

std::string_view PackageOwners::owner_of(const std::string& path) const {
    const std::string source = source_of(path);
    auto found = owners_.find(source);
    // Packages still have files in /lib that lie in /usr/lib, where the root links to it.
    if (found == owners_.end() && source.starts_with(merged))
        found = owners_.find(std::string_view(source).substr(merged.size()));
    return found == owners_.end() ? std::string_view() : packages_[found->second];
}

} // namespace quoin
