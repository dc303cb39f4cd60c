// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"
#include "base/file.hpp"
#include "builder/sources/tar.hpp"
#include "root_fixture.hpp"
#include "support/catch.hpp"

#include <fcntl.h>

using Catch::Matchers::Contains;
using Catch::Matchers::Matches;
using namespace quoin;
using namespace quoin::test;

namespace {

struct Read {
    Entry entry;
    std::string content;
};

std::vector<Read> read_all(const std::string& archive) {
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/a.tar";
    write_text(path, archive);
    std::vector<Read> found;
    read_tar_file(path, [&](const Entry& entry, const ContentReader& content) {
        found.push_back({entry, std::string(text_of(read_whole(content, 1 << 24, entry.path)))});
    });
    return found;
}

} // namespace

TEST_CASE("a tar's metadata arrives exactly") {
    Entry program = file_entry("./usr//bin/ping", 04755);
    program.uid = 4'000'000'000;
    program.gid = 12;
    program.mtime = 1'234'567'890;
    program.xattrs["security.capability"] = {1, 0, 0, 2, 0, 0x20, 0, 0};
    program.xattrs["security.selinux"] = Bytes{'s', 'y', 's', 0};
    program.xattrs["security.ima"] = Bytes(300, 7);
    Entry device = file_entry("dev/sda", 0660);
    device.type = EntryType::block_device;
    device.device_major = 259;
    device.device_minor = 70000;
    TarBuilder tar;
    tar.add(program, "content")
        .add(device)
        .link("bin", "usr/bin")
        .hard_link("ping", "./usr/bin/ping");
    const auto found = read_all(tar.bytes());
    REQUIRE(found.size() == 4);
    CHECK(found[0].entry.path == "usr/bin/ping");
    CHECK(found[0].entry.mode == 04755);
    CHECK(found[0].entry.uid == 4'000'000'000);
    CHECK(found[0].entry.gid == 12);
    CHECK(found[0].entry.mtime == 1'234'567'890);
    CHECK(found[0].entry.xattrs == program.xattrs);
    CHECK(found[0].content == "content");
    CHECK(found[1].entry.type == EntryType::block_device);
    CHECK(found[1].entry.device_major == 259);
    CHECK(found[1].entry.device_minor == 70000);
    CHECK(found[2].entry.link_target == "usr/bin");
    CHECK(found[3].entry.type == EntryType::hard_link);
    CHECK(found[3].entry.link_target == "usr/bin/ping");
}

TEST_CASE("every compression is read") {
    TarBuilder tar;
    tar.file("a", noise(300'000, 1));
    for (const char* compression : {"gzip", "zstd", "xz", "bzip2", "lz4"}) {
        CAPTURE(compression);
        const auto found = read_all(tar.bytes(compression));
        REQUIRE(found.size() == 1);
        CHECK(found[0].content == noise(300'000, 1));
    }
}

TEST_CASE("names that are not ASCII survive whatever the locale") {
    TarBuilder tar;
    tar.file("F\xc5\x91tan\xc3\xbas\xc3\xadtv\xc3\xa1ny.crt", "x");
    tar.link("l", "\xc3\xa4");
    const auto found = read_all(tar.bytes());
    REQUIRE(found.size() == 2);
    CHECK(found[0].entry.path == "F\xc5\x91tan\xc3\xbas\xc3\xadtv\xc3\xa1ny.crt");
    CHECK(found[1].entry.link_target == "\xc3\xa4");
}

TEST_CASE("names that leave the root are refused and named") {
    const auto message_for = [](const std::string& path) -> std::string {
        TarBuilder tar;
        tar.file(path, "x");
        try {
            read_all(tar.bytes());
        } catch (const Error& e) {
            CHECK(e.code() == ErrorCode::refused);
            return e.what();
        }
        return "read";
    };
    CHECK_THAT(message_for("/etc/passwd"), Contains("'/etc/passwd': its name is absolute"));
    CHECK_THAT(message_for("a/../../b"), Contains("'a/../../b': its name contains '..'"));
    CHECK_THAT(message_for("a/" + std::string(300, 'n')), Contains("255"));
    CHECK(message_for("a/..b/c..") == "read");
}

TEST_CASE("a truncated tar is refused wherever it is cut") {
    TarBuilder tar;
    tar.file("a", noise(2000, 1)).file("b", noise(2000, 2));
    const std::string whole = tar.bytes();
    // Header, content, and exactly between two entries, where libarchive sees nothing wrong.
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{100}, std::size_t{512}, std::size_t{1500}, std::size_t{2560},
          std::size_t{3000}, std::size_t{5120}}) {
        CAPTURE(size);
        CHECK_THROWS_WITH(read_all(whole.substr(0, size)), Contains("a.tar"));
    }
    CHECK_THROWS_AS(read_all("this is no archive"), Error);
}

TEST_CASE("damage inside a compressed stream is told by the entry where reading came to") {
    const auto text = [](std::uint32_t seed) { return to_hex(bytes_of(noise(200'000, seed))); };
    TarBuilder tar;
    tar.file("usr/bin/a", text(1)).file("usr/bin/b", text(2)).file("usr/bin/c", text(3));
    for (const char* compression : {"gzip", "zstd", "xz"}) {
        CAPTURE(compression);
        std::string packed = tar.bytes(compression);
        CHECK_THROWS_WITH(read_all(packed.substr(0, packed.size() / 2)),
                          Contains("a.tar' at 'usr/bin/b': "));
        // So much that a block's header is hit: libarchive's zstd has no checksums.
        packed.replace(packed.size() / 2, packed.size() / 4, packed.size() / 4, '\xff');
        CHECK_THROWS_WITH(read_all(packed),
                          Matches("cannot read '.*a\\.tar' (at|after) 'usr/bin/[bc]': .+"));
    }
}
