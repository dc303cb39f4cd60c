// SPDX-License-Identifier: Apache-2.0
// What changed between two releases: packages, files, and the bytes a node would fetch.
#pragma once

#include "builder/artifacts/release_view.hpp"
#include "bundle/causes.hpp"

#include <map>
#include <string>
#include <vector>

namespace quoin {

/// Package name (with ":ARCH" where several architectures are installed) → version.
using Packages = std::map<std::string, std::string>;

/// The installed packages of a dpkg status file.
[[nodiscard]] Packages parse_dpkg_status(std::string_view status);

struct PackageChange {
    std::string name;
    std::string old_version; ///< empty: added
    std::string new_version; ///< empty: removed
};
[[nodiscard]] std::vector<PackageChange> compare_packages(const Packages& old_packages,
                                                          const Packages& new_packages);

enum class FileFate { added, removed, changed };

struct FileChange {
    FileFate fate = FileFate::changed;
    std::string path;
    std::uint64_t size = 0; ///< in the new release; in the old one when removed
};

/// What an update from the old release to the new one costs a node.
struct UpdateCost {
    std::uint64_t chunks = 0; ///< bytes of chunks that the old release does not have
    std::uint64_t head = 0;
    std::uint64_t index = 0;
    std::uint64_t whole = 0;   ///< root and UKI of the new release
    std::uint64_t written = 0; ///< root, hash tree, index, UKI and head, where none of it is

    [[nodiscard]] std::uint64_t fetched() const { return chunks + head + index; }
};

/// Of each chunk of the new release, root first, whether a node with the old one must fetch it:
/// chunks of the root are looked for in the old root, those of the UKI in the old UKI.
[[nodiscard]] std::vector<bool> missing_chunks(const SlotIndex& old_index,
                                               const SlotIndex& new_index);

struct ReleaseComparison {
    std::vector<PackageChange> packages; ///< by name
    std::vector<FileChange> files;       ///< by path
    UpdateCost cost;
    Causes causes; ///< of `cost.chunks`
};
[[nodiscard]] ReleaseComparison compare_releases(ReleaseView& old_release,
                                                 ReleaseView& new_release);

} // namespace quoin
