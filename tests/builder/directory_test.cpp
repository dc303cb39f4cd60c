// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"
#include "base/file.hpp"
#include "builder/sources/directory.hpp"
#include "root_fixture.hpp"
#include "support/catch.hpp"

#include <filesystem>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

using Catch::Matchers::Contains;
using namespace quoin;
using namespace quoin::test;

namespace {

std::vector<Entry> entries_of(const std::string& path) {
    std::vector<Entry> found;
    read_directory(path, [&](const Entry& entry, const ContentReader&) { found.push_back(entry); });
    return found;
}

} // namespace

TEST_CASE("a directory is walked in byte order without following links") {
    const TemporaryDirectory scratch;
    const std::string& root = scratch.path();
    std::filesystem::create_directories(root + "/b/sub");
    write_text(root + "/b/sub/file", "x");
    write_text(root + "/B", "content");
    chmod((root + "/B").c_str(), 04711);
    std::filesystem::create_symlink("/etc", root + "/a");
    std::filesystem::create_hard_link(root + "/B", root + "/z");
    mkfifo((root + "/fifo").c_str(), 0600);

    const auto found = entries_of(root);
    std::vector<std::string> paths;
    for (const Entry& entry : found)
        paths.push_back(entry.path);
    CHECK(paths == std::vector<std::string>{"", "B", "a", "b", "b/sub", "b/sub/file", "fifo", "z"});
    CHECK(found[1].mode == 04711);
    CHECK(found[1].size == 7);
    CHECK(found[1].uid == getuid());
    CHECK(found[2].type == EntryType::symlink);
    CHECK(found[2].link_target == "/etc");
    CHECK(found[6].type == EntryType::fifo);
    CHECK(found[7].type == EntryType::hard_link);
    CHECK(found[7].link_target == "B");
}

TEST_CASE("extended attributes of a directory tree are read") {
    const TemporaryDirectory scratch;
    const std::string file = scratch.path() + "/file";
    write_text(file, "x");
    if (setxattr(file.c_str(), "user.note", "hello", 5, 0) != 0) {
        WARN("this file system has no user attributes; not tested");
        return;
    }
    if (setxattr(file.c_str(), "trusted.note", "hello", 5, 0) != 0)
        WARN("only root sets attributes that only root sees; not tested");
    const auto found = entries_of(scratch.path());
    REQUIRE(found.size() == 2);
    CHECK(found[1].xattrs.at("user.note") == Bytes{'h', 'e', 'l', 'l', 'o'});
    CHECK_FALSE(found[1].xattrs.contains("trusted.note"));
}

TEST_CASE("a directory that is absent is named") {
    CHECK_THROWS_WITH(entries_of("/nonexistent/tree"), Contains("/nonexistent/tree"));
}
