// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/process.hpp"
#include "builder/lock/apply_lock.hpp"
#include "builder/lock/pinned_root.hpp"
#include "root_fixture.hpp"
#include "support/catch.hpp"

#include <filesystem>

using Catch::Matchers::Contains;
using namespace quoin;
using namespace quoin::test;

namespace {

/// The example of the format's page.
std::string documented_lock() {
    const std::string page = read_text(QUOIN_FORMATS "/lock.md");
    const auto start = page.find("```json\n") + 8;
    return page.substr(start, page.find("```", start) - start);
}

std::string with(std::string text, const std::string& part, const std::string& other) {
    const auto at = text.find(part);
    REQUIRE(at != std::string::npos);
    return text.replace(at, part.size(), other);
}

Recipe documented_recipe(const std::string& directory) {
    Recipe recipe;
    recipe.path = directory + "/node.toml";
    recipe.architecture = "x86-64";
    DebianSource debian;
    debian.suite = "bookworm";
    debian.packages = {"systemd-sysv", "linux-image-cloud-amd64"};
    recipe.source = debian;
    return recipe;
}

} // namespace

TEST_CASE("a lock file is read and written without loss") {
    const Lock lock = Lock::parse(documented_lock(), "node.lock");
    REQUIRE(lock.debian);
    CHECK(lock.debian->packages.front().text() == "adduser 3.134 (all)");
    CHECK(Lock::parse(lock.serialize(), "again").serialize() == lock.serialize());
    CHECK(lock_path("/a/b.c/node.toml") == "/a/b.c/node.lock");
    CHECK_THROWS_WITH(lock_path("/a/node.lock"), Contains("call it 'node.toml'"));
}

TEST_CASE("a lock file that is not whole, or would reach into apt's configuration, is refused") {
    const std::string good = documented_lock();
    const auto message = [](const std::string& text) -> std::string {
        try {
            (void)Lock::parse(text, "node.lock");
        } catch (const Error& e) {
            CHECK(e.code() == ErrorCode::refused);
            return e.what();
        }
        return "read";
    };
    CHECK_THAT(message(good.substr(0, good.size() / 2)), Contains("'node.lock'"));
    CHECK_THAT(message("[]"), Contains("incomplete"));
    CHECK_THAT(message(with(good, "\"format\": 1", "\"format\": 2")), Contains("expected 1"));
    for (const char* number : {"1.5", "1e0", "18446744073709551616"})
        CHECK_THAT(message(with(good, "\"format\": 1", std::string("\"format\": ") + number)),
                   Contains("'format' is not a whole number of 64 bits"));
    for (const char* number : {"0", "-1", "4294967297"})
        CHECK_THAT(message(with(good, "\"format\": 1", std::string("\"format\": ") + number)),
                   Contains(std::string("its format is ") + number + ", expected 1"));
    for (const char* number : {"1.5", "1e300", "9223372036854775808", "18446744073709551615"})
        CHECK_THAT(message(with(good, "1731147630", number)),
                   Contains("'time' is not a whole number of 64 bits"));
    CHECK(message(with(good, "1731147630", "9223372036854775807")) == "read");
    CHECK_THAT(message(with(good, "1731147630", "-1")), Contains("before 1970"));
    CHECK_THAT(message(with(good, "\"3.134\"", "\"3.134\\nPin: version *\"")),
               Contains("not one word"));
    CHECK_THAT(message(with(good, "\"adduser\"", "\"../adduser\"")), Contains("not one word"));
    CHECK_THAT(message(with(good, "\"adduser\"", "\"\"")), Contains("without name"));
    CHECK_THAT(message(with(good, "\"boot_files\": [", "\"boot_files\": [], \"other\": [")),
               Contains("no boot files"));
    CHECK_THAT(message(with(good, "\"sha256\": \"", "\"sha256\": \"x")), Contains("SHA-256"));
}

TEST_CASE("a recipe obeys the lock beside it") {
    const TemporaryDirectory directory;
    Recipe recipe = documented_recipe(directory.path());
    apply_lock(recipe); // there is none
    CHECK(std::get<DebianSource>(recipe.source).pins.empty());

    write_text(directory.path() + "/node.lock", documented_lock());
    apply_lock(recipe);
    CHECK(std::get<DebianSource>(recipe.source).pins.size() == 2);
    CHECK(recipe.boot_files.size() == 2);
    CHECK(recipe.time == 1731147630);

    recipe.time = 7; // the recipe's own wins
    apply_lock(recipe);
    CHECK(recipe.time == 7);
}

TEST_CASE("a lock for another recipe is refused") {
    const TemporaryDirectory directory;
    write_text(directory.path() + "/node.lock", documented_lock());
    const auto refuses = [&](auto&& change) {
        Recipe recipe = documented_recipe(directory.path());
        change(recipe);
        CHECK_THROWS_WITH(apply_lock(recipe), Contains("is not for what the recipe now asks for"));
    };
    refuses([](Recipe& recipe) { recipe.architecture = "arm64"; });
    refuses([](Recipe& recipe) { recipe.source = TarSource{"root.tar"}; });
    refuses([](Recipe& recipe) { std::get<DebianSource>(recipe.source).security = true; });
    refuses([](Recipe& recipe) { std::get<DebianSource>(recipe.source).packages.pop_back(); });
    Recipe elsewhere = documented_recipe(directory.path());
    std::get<DebianSource>(elsewhere.source).mirrors = {"http://mirror.example/debian"};
    CHECK_NOTHROW(apply_lock(elsewhere)); // the packages are the same wherever they lie
}

TEST_CASE("a local package with other content is another recipe") {
    const TemporaryDirectory directory;
    const std::string package = directory.path() + "/own.deb";
    write_text(package, "built on Monday");
    DebianSource debian;
    debian.local_packages = {package};
    const auto asked = asked_of_debian(debian);
    CHECK_THAT(asked.back(), Catch::StartsWith("local_package=own.deb sha256="));
    CHECK(asked_of_debian(debian) == asked);
    write_text(package, "built on Tuesday");
    CHECK(asked_of_debian(debian) != asked);
}

TEST_CASE("fetched packages that are not the pinned ones stop mmdebstrap") {
    const TemporaryDirectory root;
    const std::string archives = root.path() + "/var/cache/apt/archives";
    std::filesystem::create_directories(archives);
    const std::vector<PinnedPackage> pins{{"one", "1", "all", sha256(bytes_of("first"))},
                                          {"two", "1:2", "all", sha256(bytes_of("second"))}};
    write_text(root.path() + "/sums", package_checksums(pins));
    const auto check = [&](bool some_in_place, bool refused = true) {
        const auto result =
            run({"sh", "-c", check_of_packages("/sums", some_in_place), "sh", root.path()});
        const bool said = result.errors.find(PinnedRun::refusal) != std::string::npos;
        CHECK(said == (refused && result.status != 0));
        return result.status == 0;
    };
    CHECK_FALSE(check(false));
    CHECK(check(true)); // all may be used where they lie
    write_text(archives + "/one_1_all.deb", "first");
    CHECK_FALSE(check(false));
    CHECK(check(true));
    write_text(archives + "/two_1%3a2_all.deb", "second");
    CHECK(check(false));
    CHECK(check(true));
    write_text(archives + "/three_1_all.deb", "nobody asked for it");
    CHECK_FALSE(check(false));
    CHECK_FALSE(check(true));
    std::filesystem::remove(archives + "/three_1_all.deb");
    std::filesystem::create_directory(archives + "/unreadable.deb");
    CHECK_FALSE(check(false, false));
    CHECK_FALSE(check(true, false));
    std::filesystem::remove(archives + "/unreadable.deb");
    write_text(archives + "/one_1_all.deb", "frist");
    CHECK_FALSE(check(false));
    CHECK_FALSE(check(true));
}

TEST_CASE("apt is allowed the pinned versions and nothing else") {
    const std::vector<PinnedPackage> pins{{"bsdutils", "1:2.38.1-5", "amd64", Digest()}};
    CHECK(apt_preferences(pins) == "Package: *\nPin: release *\nPin-Priority: -1\n"
                                   "\nPackage: bsdutils\nPin: version 1:2.38.1-5\n"
                                   "Pin-Priority: 1001\n");
    CHECK(package_checksums(pins) == std::string(64, '0') + "  bsdutils_1%3a2.38.1-5_amd64.deb\n");
}
