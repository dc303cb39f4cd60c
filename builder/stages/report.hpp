// SPDX-License-Identifier: Apache-2.0
// What was built: the .json file, and the table a person reads.
#pragma once

#include "base/fd.hpp"

#include <future>
#include <string>
#include <vector>

namespace quoin {

struct BuiltOutput {
    std::string path; ///< relative to the .json file
    std::uint64_t size = 0;
    std::string sha256;
};

struct BuildReport {
    std::string id;
    std::string version;
    std::string architecture;
    std::string root_hash;
    std::string kernel;
    std::uint64_t root_size = 0;
    std::uint64_t slot_size = 0;
    std::uint64_t initrd_size = 0;
    std::uint64_t uki_size = 0;
    std::uint64_t disk_size = 0; ///< apparent; the file is sparse
    bool secure_boot = false;
    std::vector<std::string> signers; ///< names of the signing keys
    std::vector<std::string> boot_modules;
    std::vector<std::string> warnings;
    std::vector<BuiltOutput> outputs;

    /// Deterministic: sorted keys, two-space indent, final newline.
    [[nodiscard]] std::string json() const;
    /// A short table, lines ended.
    [[nodiscard]] std::string text() const;
};

/// Size and SHA-256 of a finished file that will lie at `path`, beside the report. Holes are not
/// read.
[[nodiscard]] BuiltOutput describe_output(FdRef file, const std::string& path);

/// The same on threads of its own, one of which brings the file to the medium meanwhile: both take
/// time, and what is made next needs neither.
[[nodiscard]] std::future<BuiltOutput> begin_describing(FdRef file, const std::string& path);

} // namespace quoin
