// SPDX-License-Identifier: Apache-2.0
#include "early/seeding.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "early/directory.hpp"
#include "support/catch.hpp"

#include <sys/stat.h>
#include <unistd.h>

using namespace quoin;
using namespace quoin::early;
using Paths = std::vector<std::string>;

namespace {

/// An image's root and a data partition, side by side.
struct Node {
    TemporaryDirectory directory;
    std::string image = directory.path() + "/image";
    std::string persist = directory.path() + "/persist";

    Node() {
        make(image);
        make(persist);
    }
    static void make(const std::string& path) { make_directory(path); }
    static void write(const std::string& path, std::string_view text, mode_t mode = 0644) {
        const UniqueFd file = open_file(path, O_WRONLY | O_CREAT | O_TRUNC);
        write_all(file, bytes_of(text), path);
        REQUIRE(::fchmod(file.get(), mode) == 0);
    }
    void seed(const std::string& path) const {
        (void)open_seeded(open_file(persist, O_RDONLY | O_DIRECTORY), path,
                          open_file(image, O_RDONLY | O_DIRECTORY));
    }
};

struct stat status_of(const std::string& path) {
    struct stat status {};
    REQUIRE(::lstat(path.c_str(), &status) == 0);
    return status;
}

} // namespace

TEST_CASE("the list of persistent directories is sorted, parents first, none twice") {
    CHECK(parse_persistent_directories("/var/lib/quoin\n\n# a comment\n/var\n/etc/ssh\n/var\n") ==
          Paths{"/etc/ssh", "/var", "/var/lib/quoin"});
    CHECK(parse_persistent_directories("/home") == Paths{"/home"});
    CHECK(parse_persistent_directories("").empty());
}

TEST_CASE("a persistent directory that could lead elsewhere is refused") {
    for (const char* path : {"var", "/", "/var/", "//var", "/var/../etc", "/./var", "/var/.."})
        CHECK_THROWS_AS(parse_persistent_directories(path), Error);
}

TEST_CASE("a persistent directory begins as a copy of the image's, modes and times kept") {
    const Node node;
    Node::make(node.image + "/app");
    Node::make(node.image + "/app/sub");
    Node::write(node.image + "/app/sub/secret", "content", 04750);
    REQUIRE(::symlink("/elsewhere", (node.image + "/app/link").c_str()) == 0);
    REQUIRE(::mkfifo((node.image + "/app/fifo").c_str(), 0620) == 0);
    REQUIRE(::chmod((node.image + "/app").c_str(), 01770) == 0);
    const timespec times[2] = {{1'000'000'000, 0}, {1'100'000'000, 5}};
    REQUIRE(::utimensat(AT_FDCWD, (node.image + "/app").c_str(), times, 0) == 0);

    node.seed("/app");
    CHECK(status_of(node.persist + "/app").st_mode == (S_IFDIR | 01770));
    CHECK(status_of(node.persist + "/app").st_mtim.tv_sec == 1'100'000'000);
    CHECK(read_text(node.persist + "/app/sub/secret") == "content");
    CHECK(status_of(node.persist + "/app/sub/secret").st_mode == (S_IFREG | 04750));
    CHECK(S_ISLNK(status_of(node.persist + "/app/link").st_mode));
    CHECK(S_ISFIFO(status_of(node.persist + "/app/fifo").st_mode));
}

TEST_CASE("once seeded it is the node's: a later image changes nothing") {
    const Node node;
    Node::make(node.image + "/app");
    Node::write(node.image + "/app/file", "first");
    node.seed("/app");
    Node::write(node.persist + "/app/file", "the node's");
    Node::write(node.image + "/app/file", "second");
    Node::write(node.image + "/app/new", "second");
    node.seed("/app");
    CHECK(read_text(node.persist + "/app/file") == "the node's");
    CHECK_FALSE(exists(node.persist + "/app/new"));
}

TEST_CASE("what an interrupted attempt left is made anew") {
    const Node node;
    Node::make(node.image + "/app");
    Node::write(node.image + "/app/file", "whole");
    Node::make(node.persist + "/app.seeding");
    Node::write(node.persist + "/app.seeding/file", "ha");
    node.seed("/app");
    CHECK(read_text(node.persist + "/app/file") == "whole");
    CHECK_FALSE(exists(node.persist + "/app.seeding"));
}

TEST_CASE("a directory that the image lacks begins empty") {
    const Node node;
    node.seed("/var/lib/app");
    CHECK(names_in(node.persist + "/var/lib/app").empty());
}

TEST_CASE("a directory on the way to a persistent one is filled when it is listed later") {
    const Node node;
    for (const char* path : {"/var", "/var/lib", "/var/lib/app", "/var/cache"})
        Node::make(node.image + path);
    Node::write(node.image + "/var/lib/app/file", "image");
    Node::write(node.image + "/var/lib/status", "image");
    node.seed("/var/lib/app");
    Node::write(node.persist + "/var/lib/app/file", "the node's");
    CHECK_FALSE(exists(node.persist + "/var/cache"));

    node.seed("/var");
    CHECK(exists(node.persist + "/var/cache"));
    CHECK(read_text(node.persist + "/var/lib/status") == "image");
    CHECK(read_text(node.persist + "/var/lib/app/file") == "the node's");
    CHECK(names_in(node.persist + "/var") == Paths{"cache", "lib"});
    CHECK(names_in(node.persist + "/var/lib") == Paths{"app", "status"});
}

TEST_CASE("the image's absolute symbolic links stay inside the image") {
    const Node node;
    Node::make(node.image + "/data");
    Node::write(node.image + "/data/file", "inside");
    REQUIRE(::symlink("/data", (node.image + "/app").c_str()) == 0);
    node.seed("/app");
    CHECK(read_text(node.persist + "/app/file") == "inside");
}

TEST_CASE("a symbolic link on the data partition is not followed") {
    const Node node;
    Node::make(node.directory.path() + "/outside");
    REQUIRE(::symlink("../outside", (node.persist + "/app").c_str()) == 0);
    CHECK_THROWS_AS(node.seed("/app"), Error);
    CHECK_THROWS_AS(node.seed("/app/below"), Error);
    CHECK(names_in(node.directory.path() + "/outside").empty());
}
