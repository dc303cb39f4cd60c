// SPDX-License-Identifier: Apache-2.0
#include "builder/artifacts/package_owners.hpp"

#include "base/bytes.hpp"

#include <algorithm>

namespace quoin {

namespace {

const std::string lists = "var/lib/dpkg/info";
constexpr std::string_view list_suffix = ".list";
constexpr std::string_view compiled_directory = "__pycache__/";
constexpr std::string_view merged = "usr/";

/// ".../__pycache__/NAME.cpython-311.pyc" is made of ".../NAME.py".
std::string source_of(const std::string& path) {
    const std::size_t directory = path.rfind(compiled_directory);
    if (directory == std::string::npos || !path.ends_with(".pyc"))
        return path;
    const std::size_t name = directory + compiled_directory.size();
    return path.substr(0, directory) + path.substr(name, path.find('.', name) - name) + ".py";
}

} // namespace

PackageOwners::PackageOwners(RootReader& root) {
    for (const auto& file : root.list(lists)) {
        if (!file.ends_with(list_suffix))
            continue;
        std::string package = file.substr(0, file.size() - list_suffix.size());
        package.erase(std::min(package.find(':'), package.size())); // ":amd64"
        const Bytes content = root.read(lists + "/" + file).value_or(Bytes());
        for (std::string_view rest = text_of(content); !rest.empty();) {
            const std::size_t end = std::min(rest.find('\n'), rest.size());
            if (rest.starts_with('/'))
                owners_.emplace(rest.substr(1, end - 1), package);
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    }
}

std::string PackageOwners::owner_of(const std::string& path) const {
    const std::string source = source_of(path);
    auto found = owners_.find(source);
    // Packages still have files in /lib that lie in /usr/lib, where the root links to it.
    if (found == owners_.end() && source.starts_with(merged))
        found = owners_.find(source.substr(merged.size()));
    return found == owners_.end() ? "" : found->second;
}

} // namespace quoin
