// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"
#include "base/file.hpp"
#include "support/catch.hpp"

#include <filesystem>
#include <optional>
#include <unistd.h>

using namespace quoin;

static std::size_t files_in(const std::string& directory) {
    const std::filesystem::directory_iterator entries(directory);
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

TEST_CASE("a pending file has its final name only after commit") {
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/node.raw";
    PendingFile file(path);
    pwrite_all(file.fd(), bytes_of("content"), 0, path);
    CHECK_FALSE(exists(path));
    CHECK(parent_of(file.temporary_path()) == directory.path());
    file.commit();
    CHECK(read_text(path) == "content");
    CHECK(files_in(directory.path()) == 1);
}

TEST_CASE("a pending file that is not committed leaves nothing, whatever unwinds") {
    const TemporaryDirectory directory;
    const auto interrupted = [&] {
        const PendingFile file(directory.path() + "/node.raw");
        CHECK(files_in(directory.path()) == 1);
        throw Error(ErrorCode::cancelled, "interrupted");
    };
    CHECK_THROWS_AS(interrupted(), Error);
    CHECK(files_in(directory.path()) == 0);
}

TEST_CASE("an older file stays until commit replaces it") {
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/node.raw";
    replace_file_durably(path, bytes_of("old"));
    { const PendingFile abandoned(path); }
    CHECK(read_text(path) == "old");
    PendingFile file(path);
    pwrite_all(file.fd(), bytes_of("new"), 0, path);
    CHECK(read_text(path) == "old");
    file.commit();
    CHECK(read_text(path) == "new");
}

TEST_CASE("a moved pending file is removed once, by its last owner") {
    const TemporaryDirectory directory;
    std::optional<PendingFile> first(std::in_place, directory.path() + "/node.raw");
    std::optional<PendingFile> second(std::move(first));
    first.reset(); // NOLINT(bugprone-use-after-move): what is left of it is what is tested
    CHECK(files_in(directory.path()) == 1);
    second.reset();
    CHECK(files_in(directory.path()) == 0);
}

TEST_CASE("a leftover of a dead process with our id is no obstacle") {
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/node.raw";
    replace_file_durably(PendingFile(path).temporary_path(), bytes_of("left by another"));
    PendingFile file(path);
    CHECK(size_of(file.fd(), path) == 0);
}

TEST_CASE("a temporary directory disappears with what it holds") {
    std::string path;
    {
        const TemporaryDirectory directory;
        path = directory.path();
        std::filesystem::create_directories(path + "/a/b");
        replace_file_durably(path + "/a/b/c", bytes_of("x"));
    }
    CHECK_FALSE(exists(path));
}
