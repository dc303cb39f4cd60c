// SPDX-License-Identifier: Apache-2.0
// A root made of Debian packages, kept as a tar: "debian-KEY-CONTENT.tar", where KEY is the digest
// of all that decides what is in it and CONTENT the SHA-256 of the file.
#pragma once

#include "base/fd.hpp"
#include "base/progress.hpp"
#include "crypto/digest.hpp"

#include <optional>
#include <string>

namespace quoin {

struct RootArchive {
    std::string path; ///< for messages: the file may be gone from there
    UniqueFd file;    ///< at its start
};

/// The root kept under `key`, marked as used now. Every byte is hashed first: a damaged one is
/// removed and counts as none.
[[nodiscard]] std::optional<RootArchive> find_root_archive(const std::string& directory,
                                                           const Digest& key,
                                                           const ProgressObserver& progress);

/// The path of a complete archive.
[[nodiscard]] std::string root_archive_path(const std::string& directory, const Digest& key,
                                            const Digest& content);

[[nodiscard]] bool is_root_archive_name(const std::string& name);

} // namespace quoin
