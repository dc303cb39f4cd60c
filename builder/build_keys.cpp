// SPDX-License-Identifier: Apache-2.0
// Reads the keys of a build.
#include "builder/build_keys.hpp"

#include "base/error.hpp"
#include "base/file.hpp"

#include <algorithm>
#include <filesystem>

namespace quoin {
namespace {

constexpr const char* how_to_make_keys =
    "; `quoin keys init keys` makes them, then build with `--keys keys`";

std::vector<std::string> signing_key_names(const std::string& directory) {
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
        const auto name = entry.path().filename().string();
        if (name.starts_with("signing") && name.ends_with(".key"))
            names.push_back(name.substr(0, name.size() - 4));
    }
    if (error)
        throw Error(ErrorCode::usage, "cannot read keys in '" + directory +
                                          "': " + error.message() + how_to_make_keys);
    std::ranges::sort(names);
    return names;
}

} // namespace

BuildKeys read_build_keys(const std::string& directory) {
    BuildKeys keys;
    if (directory.empty())
        return keys;
    for (const auto& name : signing_key_names(directory))
        keys.signing.push_back({name, SigningKey::read(directory + "/" + name + ".key")});
    if (keys.signing.empty())
        throw Error(ErrorCode::usage, "no signing key in '" + directory + "'" + how_to_make_keys);

    const auto key = directory + "/secure-boot.key";
    const auto certificate = directory + "/secure-boot.crt";
    if (exists(key) != exists(certificate))
        throw Error(ErrorCode::usage, "'" + directory +
                                          "' holds only one of secure-boot.key and "
                                          "secure-boot.crt: both are needed, or neither");
    if (exists(key)) {
        keys.secure_boot_key = key;
        keys.secure_boot_certificate = certificate;
    }
    return keys;
}

} // namespace quoin
