// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"

#include "base/error.hpp"
#include "base/unnamed_file.hpp"
#include "support/catch.hpp"

#include <filesystem>
#include <limits>
#include <sys/stat.h>
#include <unistd.h>

using namespace quoin;
using Catch::Matchers::Contains;

TEST_CASE("what was written is read back from the same place") {
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/file";
    const UniqueFd fd = open_file(path, O_RDWR | O_CREAT);
    pwrite_all(fd, bytes_of("hello"), 4096, path);
    sync_data(fd, path);
    CHECK(size_of(fd, path) == 4101);
    Bytes content(5);
    pread_exact(fd, content, 4096, path);
    CHECK(text_of(content) == "hello");
}

TEST_CASE("an unnamed file can be written and read, and leaves nothing in its directory") {
    const TemporaryDirectory directory;
    const UniqueFd fd = unnamed_file(directory.path());
    pwrite_all(fd, bytes_of("hello"), 0, "file");
    Bytes content(5);
    pread_exact(fd, content, 0, "file");
    CHECK(text_of(content) == "hello");
    CHECK(std::filesystem::is_empty(directory.path()));
    CHECK_THROWS_AS(unnamed_file(directory.path() + "/absent"), Error);
}

TEST_CASE("a file that ends early is refused by name") {
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/short";
    replace_file_durably(path, bytes_of("1234"));
    const UniqueFd fd = open_file(path, O_RDONLY);
    Bytes content(5);
    try {
        pread_exact(fd, content, 0, "slot 'b'");
        FAIL("nothing was thrown");
    } catch (const Error& e) {
        CHECK(e.code() == ErrorCode::refused);
        CHECK_THAT(e.what(), Contains("cannot read slot 'b'") && Contains("ends early"));
    }
}

TEST_CASE("offsets beyond what the kernel can address are errors, not negative numbers") {
    const TemporaryDirectory directory;
    const UniqueFd fd = open_file(directory.path() + "/file", O_RDWR | O_CREAT);
    Bytes content(1);
    const std::uint64_t highest = std::numeric_limits<std::uint64_t>::max();
    CHECK_THROWS_AS(pread_exact(fd, content, highest, "file"), Error);
    CHECK_THROWS_AS(pwrite_all(fd, content, highest, "file"), Error);
    CHECK_THROWS_AS(pwrite_all(fd, content, highest / 2, "file"), Error);
}

TEST_CASE("a full device is reported") {
    const UniqueFd full = open_file("/dev/full", O_WRONLY);
    CHECK_THROWS_WITH(pwrite_all(full, bytes_of("x"), 0, "slot 'a'"),
                      Contains("cannot write slot 'a': No space left on device"));
    CHECK_THROWS_WITH(write_all(full, bytes_of("x"), "output"), Contains("No space left"));
}

TEST_CASE("a sync that the kernel refuses is an error") {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    const UniqueFd reading(ends[0]);
    const UniqueFd writing(ends[1]);
    CHECK_THROWS_WITH(sync_data(writing, "pipe"), Contains("cannot sync 'pipe'"));
    CHECK_THROWS_AS(size_of(reading, "pipe"), Error);
}

TEST_CASE("a file is read whole up to its limit, also where stat says zero") {
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/file";
    const std::string content(100'000, 'x');
    replace_file_durably(path, bytes_of(content));
    CHECK(read_text(path) == content);
    CHECK(read_file(path, content.size()).size() == content.size());
    CHECK_THROWS_AS(read_file(path, content.size() - 1), Error);
    CHECK(read_text("/proc/self/status").find("Name:") == 0);
}

TEST_CASE("a missing file is named") {
    CHECK_THROWS_WITH(read_file("/nonexistent/file", 10),
                      "cannot open '/nonexistent/file': No such file or directory");
}

TEST_CASE("replacing a file leaves the new content, the mode and nothing beside it") {
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/state.json";
    replace_file_durably(path, bytes_of("old"));
    // A leftover of a power cut must not get in the way, nor lend its mode.
    replace_file_durably(path + ".new", bytes_of("torn"), 0666);
    replace_file_durably(path, bytes_of("new"), 0600);
    CHECK(read_text(path) == "new");
    CHECK_FALSE(exists(path + ".new"));
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("a replacement that fails leaves the old file and nothing beside it") {
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/busy";
    REQUIRE(::mkdir(path.c_str(), 0755) == 0); // a file cannot be renamed over a directory
    CHECK_THROWS_WITH(replace_file_durably(path, bytes_of("new")), Contains("cannot rename"));
    CHECK(exists(path));
    CHECK_FALSE(exists(path + ".new"));
}

TEST_CASE("the parent of a path is a directory that can be opened") {
    CHECK(parent_of("file") == ".");
    CHECK(parent_of("/file") == "/");
    CHECK(parent_of("a/b/c") == "a/b");
}

TEST_CASE("a file that does not exist is told from one that cannot be looked at") {
    CHECK_FALSE(exists("/nonexistent/file"));
    CHECK_FALSE(exists("/etc/passwd/file"));
    CHECK(exists("/etc/passwd"));
    CHECK_THROWS_AS(exists("/" + std::string(300, 'x')), Error);
}
