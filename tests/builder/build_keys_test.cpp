// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/process.hpp"
#include "builder/build_keys.hpp"
#include "builder/stages/boot_files.hpp"
#include "builder/stages/secure_boot.hpp"
#include "support/catch.hpp"

#include <unistd.h>

using namespace quoin;

namespace {

void write(const std::string& path, const std::string& text) {
    replace_file_durably(path, bytes_of(text));
}

} // namespace

TEST_CASE("every signing key of the directory is read, in order of the names") {
    const TemporaryDirectory directory;
    for (const char* name : {"signing-b.key", "signing-a.key"})
        write(directory.path() + "/" + name, SigningKey::generate().private_pem());
    write(directory.path() + "/signing-a.pub", "not a private key");
    const auto keys = read_build_keys(directory.path());
    REQUIRE(keys.signing.size() == 2);
    CHECK(keys.signing[0].name == "signing-a");
    CHECK(keys.signing[1].name == "signing-b");
    CHECK_FALSE(keys.secure_boot());
}

TEST_CASE("without a directory of keys nothing is signed") {
    const auto keys = read_build_keys("");
    CHECK(keys.signing.empty());
    CHECK_FALSE(keys.secure_boot());
}

TEST_CASE("a directory without keys is refused and told how to make them") {
    const TemporaryDirectory empty;
    for (const auto& directory : {empty.path(), empty.path() + "/absent"})
        CHECK_THROWS_WITH(read_build_keys(directory), Catch::Contains("quoin keys init"));
}

TEST_CASE("half a Secure Boot key pair is an error, not an unsigned image") {
    const TemporaryDirectory directory;
    write(directory.path() + "/signing.key", SigningKey::generate().private_pem());
    write(directory.path() + "/secure-boot.key", "key");
    CHECK_THROWS_WITH(read_build_keys(directory.path()), Catch::Contains("secure-boot.crt"));
}

TEST_CASE("Secure Boot signatures are accepted by sbverify and the same every time") {
    const TemporaryDirectory directory;
    const auto [key, certificate] = generate_secure_boot_key("test");
    write(directory.path() + "/signing.key", SigningKey::generate().private_pem());
    write(directory.path() + "/secure-boot.key", key);
    write(directory.path() + "/secure-boot.crt", certificate);
    const auto keys = read_build_keys(directory.path());
    REQUIRE(keys.secure_boot());

    Recipe recipe;
    recipe.architecture = "x86-64";
    const auto loader = read_boot_file(loader_file, recipe);
    const auto first = sign_for_secure_boot(loader, keys, 1'700'000'000, "loader");
    ::sleep(1);
    CHECK(first == sign_for_secure_boot(loader, keys, 1'700'000'000, "loader"));
    CHECK(first != loader);
    replace_file_durably(directory.path() + "/signed.efi", first);
    CHECK(run({"sbverify", "--cert", directory.path() + "/secure-boot.crt",
               directory.path() + "/signed.efi"})
              .status == 0);
}

TEST_CASE("a key that does not match its certificate fails the build") {
    const TemporaryDirectory directory;
    write(directory.path() + "/signing.key", SigningKey::generate().private_pem());
    write(directory.path() + "/secure-boot.key", generate_secure_boot_key("one").first);
    write(directory.path() + "/secure-boot.crt", generate_secure_boot_key("other").second);
    Recipe recipe;
    recipe.architecture = "x86-64";
    CHECK_THROWS_WITH(sign_for_secure_boot(read_boot_file(loader_file, recipe),
                                           read_build_keys(directory.path()), 0, "loader"),
                      Catch::Contains("cannot sign 'loader' in '/"));
}
