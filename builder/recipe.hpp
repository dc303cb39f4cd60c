// SPDX-License-Identifier: Apache-2.0
// The recipe: what a person declares. docs/man/quoin-recipe.5 has every key; configs/ has examples.
#pragma once

#include "builder/lock/lock.hpp"
#include "builder/recipe/places.hpp"
#include "crypto/signature.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace quoin {

struct DebianSource {
    std::string suite;                   ///< "bookworm"
    std::vector<std::string> mirrors;    ///< URIs or whole "deb …" lines; default Debian's
    std::vector<std::string> components; ///< default main
    bool security = false;               ///< adds SUITE-security of the same mirror family
    std::vector<std::string> packages;
    std::vector<std::string> local_packages; ///< .deb files, absolute
    std::string variant = "minbase";         ///< of mmdebstrap
    std::vector<PinnedPackage> pins; ///< from the lock file: nothing else is installed; empty: none
};
struct DirectorySource {
    std::string path; ///< absolute, as are all paths in a parsed recipe
};
struct TarSource {
    std::string path;
};
struct OciSource {
    std::string layout; ///< directory of an OCI image layout
    std::string tag; ///< "org.opencontainers.image.ref.name"; empty when the layout has one image
};
using RootSource = std::variant<DebianSource, DirectorySource, TarSource, OciSource>;

struct RecipeUser {
    std::string name;                 ///< "root" stands for the existing one
    std::optional<std::uint32_t> uid; ///< default: the first free one from 1000
    std::vector<std::string> groups;
    std::string password_hash;                ///< crypt(5); empty: locked
    std::vector<std::string> authorized_keys; ///< SSH public keys
    std::string shell;                        ///< empty: /bin/bash, or an existing user's own
    std::string home;                         ///< empty: /home/NAME, or an existing user's own
};

/// One systemd.network unit: [network.NAME] in the recipe.
struct RecipeNetwork {
    std::string match;                  ///< interface name pattern; default the table's key
    bool dhcp = true;                   ///< default: unless there are addresses
    std::vector<std::string> addresses; ///< CIDR
    std::string gateway;
    std::vector<std::string> dns;
};

/// A key that nodes trust, with the name its file has in the root: "signing" for "signing.pub".
struct NamedPublicKey {
    std::string name;
    PublicKey key;
};

/// A parsed and checked recipe. All defaults are filled in; paths are absolute.
struct Recipe {
    std::string path;
    RecipePlaces places; ///< of what later stages may have to refuse

    // [image]
    std::string id;
    std::string version;
    std::string architecture;
    std::string compatible; ///< default: the id
    std::uint64_t security_epoch = 0;
    std::optional<std::int64_t> time; ///< seconds since 1970; or the lock file's. See image_time()

    // [root]
    RootSource source;
    std::vector<std::string> overlays; ///< directories or tars laid over the source, later wins
    std::vector<std::string> remove;   ///< shell patterns (fnmatch) of absolute paths in the root
    std::uint32_t block_size = 128 << 10; ///< squashfs
    int compression_level = 15;           ///< zstd

    // [system]
    std::string hostname; ///< default: the id
    std::vector<RecipeUser> users;
    std::map<std::string, RecipeNetwork> networks;
    std::vector<std::string> enable;  ///< unit names
    std::vector<std::string> persist; ///< absolute directories on the data partition, Quoin's
                                      ///< own first
    bool quoin_agent = true;          ///< put our programs, units and trust anchors into the root

    // [boot]
    std::string command_line;         ///< added to ours
    std::vector<std::string> modules; ///< for early boot, besides what Quoin itself needs
    std::string kernel;               ///< kernel release; default: the newest in the root
    unsigned tries = 3;
    std::string console = "ttyS0";

    // [disk]
    unsigned sector_size = 512;
    std::uint64_t esp_size = 0; ///< 0: default (256 MiB)
    std::uint64_t root_size =
        0; ///< of one slot; 0: root × 1.5 rounded up to MiB, at least 32 MiB of room
    std::uint64_t data_size = 0; ///< 0: default (64 MiB)

    // [trust]
    std::vector<NamedPublicKey> trust_keys; ///< put into the root besides --keys' own
    unsigned trust_required = 1;

    // from the lock file
    std::vector<PinnedBootFile> boot_files;
    std::vector<PinnedTool> tools;
};

/// The image's time: SOURCE_DATE_EPOCH of the environment, or else the recipe's. Nothing: that of
/// the newest input. Throws Error(usage) when SOURCE_DATE_EPOCH is not a number.
[[nodiscard]] std::optional<std::int64_t> image_time(const Recipe& recipe);

/// Reads and checks a recipe with what it includes, and "KEY=VALUE" settings that win over the
/// files. Throws Error(usage) whose text is one or more lines "file:line:column: what is wrong,
/// what was expected", or "--set KEY: …": every mistake at once, unknown keys with the nearest
/// known one.
[[nodiscard]] Recipe read_recipe(const std::string& path,
                                 const std::vector<std::string>& settings = {});

} // namespace quoin
