// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"
#include "builder/root/accounts.hpp"
#include "support/catch.hpp"

using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;
using namespace quoin;

namespace {

AccountFiles small_files() {
    AccountFiles files;
    files.passwd = "root:x:0:0:root:/root:/bin/sh\n+odd line\nann:x:1000:1000::/home/ann:/bin/sh\n";
    files.shadow = "root:$y$old:19000:0:99999:7:::\nann:!:19000:0:99999:7:::\n";
    files.group = "root:x:0:\nsudo:x:27:ann\nann:x:1000:\nvideo:x:1001:\n";
    files.gshadow = "root:*::\nsudo:*::ann\nann:!::\n";
    return files;
}

RecipeUser user(const std::string& name) {
    RecipeUser result;
    result.name = name;
    return result;
}

} // namespace

TEST_CASE("a new user gets free numbers, a group of its own and a locked password") {
    AccountFiles files = small_files();
    RecipeUser bob = user("bob");
    bob.groups = {"sudo"};
    const auto accounts = apply_users(files, {bob}, 20000);
    REQUIRE(accounts.size() == 1);
    CHECK(accounts[0].uid == 1002); // 1000 is ann's, 1001 is video's group
    CHECK(accounts[0].home == "/home/bob");
    CHECK_THAT(files.passwd, EndsWith("bob:x:1002:1002::/home/bob:/bin/bash\n"));
    CHECK_THAT(files.passwd, Contains("\n+odd line\n"));
    CHECK_THAT(files.shadow, EndsWith("bob:!*:20000:0:99999:7:::\n"));
    CHECK_THAT(files.group, Contains("sudo:x:27:ann,bob\n"));
    CHECK_THAT(files.group, EndsWith("bob:x:1002:\n"));
    CHECK_THAT(files.gshadow, Contains("sudo:*::ann,bob\n"));
}

TEST_CASE("an existing user keeps what the recipe does not name") {
    AccountFiles files = small_files();
    RecipeUser root = user("root");
    root.password_hash = "$y$new";
    RecipeUser ann = user("ann");
    ann.shell = "/bin/zsh";
    const auto accounts = apply_users(files, {root, ann}, 20000);
    CHECK(accounts[0].home == "/root");
    CHECK_THAT(files.passwd, Contains("root:x:0:0:root:/root:/bin/sh\n"));
    CHECK_THAT(files.passwd, Contains("ann:x:1000:1000::/home/ann:/bin/zsh\n"));
    CHECK_THAT(files.shadow, Contains("root:$y$new:20000:0:99999:7:::\n"));
    CHECK_THAT(files.shadow, Contains("ann:!:19000:"));
}

TEST_CASE("users that cannot be are refused by name") {
    AccountFiles files = small_files();
    RecipeUser bob = user("bob");
    bob.groups = {"docker"};
    CHECK_THROWS_WITH(apply_users(files, {bob}, 0),
                      "cannot add user 'bob' to group 'docker': the root has no such group");
    RecipeUser eve = user("eve");
    eve.uid = 1000;
    CHECK_THROWS_WITH(apply_users(files, {eve}, 0), "cannot add user 'eve': uid 1000 is taken");
    RecipeUser ann = user("ann");
    ann.uid = 7;
    CHECK_THROWS_WITH(apply_users(files, {ann}, 0),
                      "cannot add user 'ann': the root has it with uid 1000");
}

TEST_CASE("a user that cannot be is reported where the recipe has it") {
    AccountFiles files = small_files();
    RecipePlaces places;
    places.remember("system.users.bob.groups", "docker", "node.toml:7:11");
    RecipeUser bob = user("bob");
    bob.groups = {"docker"};
    CHECK_THROWS_WITH(apply_users(files, {bob}, 0, places),
                      StartsWith("node.toml:7:11: cannot add user 'bob' to group 'docker'"));
}

TEST_CASE("root's password is locked once") {
    AccountFiles files = small_files();
    CHECK(lock_root(files));
    CHECK_THAT(files.shadow, StartsWith("root:!*:19000:"));
    CHECK_FALSE(lock_root(files));

    AccountFiles open;
    open.passwd = "root::0:0:root:/root:/bin/sh\n";
    CHECK(lock_root(open));
    CHECK(open.passwd == "root:!*:0:0:root:/root:/bin/sh\n");
}
