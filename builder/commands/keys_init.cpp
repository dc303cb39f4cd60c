// SPDX-License-Identifier: Apache-2.0
// `quoin keys init DIR`: a signing identity and a Secure Boot key for development.
#include "builder/commands/keys_init.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/terminal.hpp"
#include "crypto/signature.hpp"

#include <array>
#include <filesystem>

namespace quoin {
namespace {

struct KeyFile {
    std::string name;
    std::string content;
    mode_t mode = 0644;
};

} // namespace

void init_keys(const std::string& directory) {
    const auto signing = SigningKey::generate();
    const auto [secure_boot_key, secure_boot_certificate] =
        generate_secure_boot_key("Quoin development Secure Boot key");
    const std::array<KeyFile, 4> files = {{
        {"signing.key", signing.private_pem(), 0600},
        {"signing.pub", signing.public_key().pem()},
        {"secure-boot.key", secure_boot_key, 0600},
        {"secure-boot.crt", secure_boot_certificate},
    }};

    for (const auto& file : files)
        if (exists(directory + "/" + file.name))
            throw refused("'" + directory + "/" + file.name +
                          "' exists already: keys are never overwritten");
    std::error_code error;
    if (std::filesystem::create_directories(directory, error))
        std::filesystem::permissions(directory, std::filesystem::perms::owner_all, error);
    if (error)
        throw Error("cannot create directory '" + directory + "': " + error.message());
    for (const auto& file : files)
        replace_file_durably(directory + "/" + file.name, bytes_of(file.content), file.mode);
    say_note("wrote signing.key, signing.pub, secure-boot.key and secure-boot.crt to '" +
             directory + "'");
    say_note("signing.pub is what nodes trust; whoever has signing.key can update them");
}

} // namespace quoin
