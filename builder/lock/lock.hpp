// SPDX-License-Identifier: Apache-2.0
// The lock file beside a recipe: what the build takes from outside, pinned by version and SHA-256.
// docs/formats/lock.md.
#pragma once

#include "crypto/digest.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace quoin {

/// Versions and names go into apt's configuration: nothing in them may end a line there, or lead
/// out of a directory. Debian's are ASCII.
[[nodiscard]] bool is_lock_word(std::string_view text);

struct PinnedPackage {
    std::string name;
    std::string version;
    std::string architecture; ///< Debian's name of it, or "all"
    Digest sha256;            ///< of the .deb

    [[nodiscard]] auto identity() const { return std::tie(name, version, architecture); }
    /// "name version (architecture)", for messages.
    [[nodiscard]] std::string text() const {
        return name + " " + version + " (" + architecture + ")";
    }
};

/// systemd's stub or loader, as it lies on the building machine.
struct PinnedBootFile {
    std::string file; ///< "linuxx64.efi.stub"
    PinnedPackage package;
    Digest sha256; ///< of the file; the package's is not known
};

/// A program whose version may show in the outputs.
struct PinnedTool {
    std::string package;
    std::string version;
};

struct DebianPins {
    std::vector<std::string>
        asked_for;         ///< what the recipe said, to notice when it says other things
    std::int64_t time = 0; ///< of the archive: seconds since 1970
    std::vector<PinnedPackage> packages;
};

struct Lock {
    std::string architecture; ///< "x86-64"
    std::vector<PinnedBootFile> boot_files;
    std::vector<PinnedTool> tools;
    std::optional<DebianPins> debian; ///< for roots made of packages

    /// Throws Error(refused) naming `name` for anything but a complete lock of this format.
    [[nodiscard]] static Lock parse(std::string_view text, const std::string& name);
    [[nodiscard]] std::string serialize() const;
};

/// The lock in that file; throws what parse() throws, and Error(failed) when it cannot be read.
[[nodiscard]] Lock read_lock(const std::string& path);

/// Where a recipe's lock lies: "node.toml" has "node.lock" beside it. Throws Error(usage) for a
/// recipe of that name.
[[nodiscard]] std::string lock_path(const std::string& recipe_path);

} // namespace quoin
