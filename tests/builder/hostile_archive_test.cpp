// SPDX-License-Identifier: Apache-2.0
// Archives that somebody made to do harm: each is refused by name, or becomes what is said here.
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/units.hpp"
#include "base/unnamed_file.hpp"
#include "builder/root/limits.hpp"
#include "builder/root_image.hpp"
#include "builder/sources/tar.hpp"
#include "builder/squashfs/writer.hpp"
#include "root_fixture.hpp"
#include "support/catch.hpp"

#include <array>
#include <cstring>
#include <fcntl.h>

using Catch::Matchers::Contains;
using namespace quoin;
using namespace quoin::test;

namespace {

/// One ustar header with its checksum, and content as it is.
class RawMember {
  public:
    RawMember(const std::string& name, char type, const std::string& content) : content_(content) {
        put(0, 100, name);
        put(100, 8, "0000644");
        put(108, 8, "0000000");
        put(116, 8, "0000000");
        put(124, 12, octal(content.size()));
        put(136, 12, octal(1'700'000'000));
        header_[156] = type;
        std::memcpy(&header_[257], "ustar\00000", 8);
    }
    RawMember& put(std::size_t offset, std::size_t size, const std::string& text) {
        std::fill_n(&header_[offset], size, '\0');
        std::copy_n(text.begin(), std::min(size, text.size()), &header_[offset]);
        return *this;
    }
    [[nodiscard]] std::string bytes() const {
        auto header = header_;
        std::fill_n(&header[148], 8, ' ');
        unsigned sum = 0;
        for (const char c : header)
            sum += static_cast<unsigned char>(c);
        const std::string text = octal(sum).substr(5) + '\0' + ' ';
        std::copy_n(text.begin(), 8, &header[148]);
        std::string all(header.begin(), header.end());
        all += content_;
        return all + std::string((512 - content_.size() % 512) % 512, '\0');
    }
    static std::string octal(std::uint64_t number) {
        std::string digits(11, '0');
        for (std::size_t i = 11; i-- > 0; number /= 8)
            digits[i] = static_cast<char>('0' + number % 8);
        return digits;
    }

  private:
    std::array<char, 512> header_{};
    std::string content_;
};

const std::string end_of_archive(1024, '\0');

/// A header with the records of the member that follows.
std::string pax(const std::vector<std::pair<std::string, std::string>>& records) {
    std::string text;
    for (const auto& [key, value] : records) {
        const std::string rest = " " + key + "=" + value + "\n";
        std::size_t size = rest.size();
        while (std::to_string(size).size() + rest.size() != size)
            size = std::to_string(size).size() + rest.size();
        text += std::to_string(size) + rest;
    }
    return RawMember("pax", 'x', text).bytes();
}

std::string pax(const std::string& key, const std::string& value) {
    return pax({{key, value}});
}

/// The entries of a tar with their contents; what cannot be read is the Error's text.
struct Read {
    std::vector<Entry> entries;
    std::vector<std::string> contents;
    std::string refusal;
};

Read read_raw(const std::string& archive) {
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/a.tar";
    write_text(path, archive);
    Read found;
    try {
        read_tar_file(path, [&](const Entry& entry, const ContentReader& content) {
            found.entries.push_back(entry);
            found.contents.emplace_back(text_of(read_whole(content, MiB, entry.path)));
        });
    } catch (const Error& e) {
        CHECK(e.code() == ErrorCode::refused);
        found.refusal = e.what();
    }
    return found;
}

/// What building a root from a small good one with `more` laid over it is refused with.
std::string refusal_of_root(const TarBuilder& more) {
    const TemporaryDirectory directory;
    small_root().write(directory.path() + "/root.tar");
    more.write(directory.path() + "/more.tar");
    Recipe recipe = recipe_for_tar(directory.path() + "/root.tar");
    recipe.overlays = {directory.path() + "/more.tar"};
    const UniqueFd out = open_file(directory.path() + "/image", O_RDWR | O_CREAT);
    try {
        (void)write_root_image(recipe, {}, out, 0);
    } catch (const Error& e) {
        CHECK(e.code() == ErrorCode::refused);
        return e.what();
    }
    return "built";
}

} // namespace

TEST_CASE(
    "hard links that leave the root, lead nowhere, to themselves or to directories are refused") {
    CHECK_THAT(read_raw(TarBuilder().hard_link("x", "/etc/passwd").bytes()).refusal,
               Contains("hard link 'x': cannot use entry '/etc/passwd': its name is absolute"));
    CHECK_THAT(read_raw(TarBuilder().hard_link("x", "../x").bytes()).refusal, Contains("'..'"));
    CHECK_THAT(refusal_of_root(TarBuilder().hard_link("a", "nothing")),
               Contains("a hard link refers to 'nothing', which it does not have"));
    CHECK_THAT(refusal_of_root(TarBuilder().hard_link("a", "a")), Contains("refers to 'a'"));
    CHECK_THAT(refusal_of_root(TarBuilder().directory("d").hard_link("a", "d")),
               Contains("refers to 'd', which is a directory"));
}

TEST_CASE("a path through a symbolic link stays in the root") {
    CHECK(refusal_of_root(
              TarBuilder().link("out", "../../../tmp").file("out/quoin-escaped", "x")) == "built");
    CHECK_FALSE(exists("/tmp/quoin-escaped"));
    CHECK_THAT(refusal_of_root(TarBuilder().link("a", "b").link("b", "a").file("a/x", "")),
               Contains("too many levels of symbolic links"));
}

TEST_CASE("a symbolic link to nothing is refused: Linux has none") {
    CHECK_THAT(read_raw(RawMember("srv/empty", '2', "").bytes() + end_of_archive).refusal,
               Contains("cannot use entry 'srv/empty': a symbolic link without a target"));
}

TEST_CASE("links cannot bring Quoin's own files to where they replace their own way") {
    // 'usr' with the agent in it yields to the link, and 'bin' in it to the next one.
    const TarBuilder links = TarBuilder()
                                 .directory("quoin-agent")
                                 .directory("quoin-agent/u")
                                 .link("quoin-agent/u/bin", "/")
                                 .link("usr", "quoin-agent/u");
    const TemporaryDirectory directory;
    links.write(directory.path() + "/links.tar");
    const UniqueFd out = open_file(directory.path() + "/image", O_RDWR | O_CREAT);
    RootImageOptions options;
    options.added = {{"usr/bin/quoin-agent", 0755, Bytes(7), ""}};
    CHECK_THROWS_WITH(
        write_root_image(recipe_for_tar(directory.path() + "/links.tar"), options, out, 0),
        Contains("cannot place 'quoin-agent'") && Contains("leads through"));
}

TEST_CASE("what an archive has twice is refused, apart from directories") {
    CHECK_THAT(refusal_of_root(TarBuilder().file("srv/x", "1").file("srv/x", "2")),
               Contains("srv/x"));
    CHECK_THAT(refusal_of_root(TarBuilder().file("srv/x", "1").file("srv/x/y", "2")),
               Contains("srv/x"));
    CHECK_THAT(refusal_of_root(TarBuilder().file("srv/x", "1").directory("srv/x")),
               Contains("srv/x"));
    CHECK(refusal_of_root(TarBuilder().directory("srv/d", 0700).directory("srv/d", 0711)) ==
          "built");
}

TEST_CASE("devices that Linux cannot number are refused") {
    Entry device = file_entry("dev/odd");
    device.type = EntryType::block_device;
    device.device_major = 1U << 12U;
    CHECK_THAT(refusal_of_root(TarBuilder().add(device)), Contains("dev/odd"));
    device.device_major = 7;
    device.device_minor = 1U << 20U;
    CHECK_THAT(refusal_of_root(TarBuilder().add(device)), Contains("dev/odd"));
}

TEST_CASE("names are bytes: those that are not UTF-8 stay as they are, or are refused") {
    const Read raw = read_raw(RawMember("bad-\xff\xfe", '0', "x").bytes() + end_of_archive);
    REQUIRE(raw.entries.size() == 1);
    CHECK(raw.entries[0].path == "bad-\xff\xfe");
    const Read declared = read_raw(pax({{"hdrcharset", "BINARY"}, {"path", "bin-\xff"}}) +
                                   RawMember("x", '0', "").bytes() + end_of_archive);
    const Read broken =
        read_raw(pax("path", "pax-\xff") + RawMember("x", '0', "").bytes() + end_of_archive);
    REQUIRE(declared.entries.size() == 1);
    CHECK(declared.entries[0].path == "bin-\xff");
    CHECK_THAT(broken.refusal, Contains("Pathname can't be converted from UTF-8"));
    CHECK_THAT(read_raw(RawMember(std::string("a\0b", 3), '0', "").bytes() + end_of_archive)
                   .entries.at(0)
                   .path,
               Catch::Equals("a"));
}

TEST_CASE("extremes of pax and GNU tar are refused or mean what they say") {
    const auto one = [](const std::string& header) {
        return read_raw(header + RawMember("x", '0', "").bytes() + end_of_archive);
    };
    CHECK(one(pax("path", std::string(200, 'd') + "/" + std::string(200, 'f'))).entries.size() ==
          1);
    CHECK_THAT(one(pax("path", std::string(300, 'n'))).refusal, Contains("255"));
    CHECK_THAT(one(pax("path", "/etc/passwd")).refusal, Contains("its name is absolute"));
    CHECK_THAT(one(pax("uid", "4294967296")).refusal, Contains("'x': its owner"));
    CHECK_THAT(one(pax("size", "9223372036854775807")).refusal,
               Contains("size attribute overflow"));
    CHECK_THAT(one(pax("size", "-1")).refusal, Contains("size attribute is negative"));
    CHECK_THAT(one(RawMember("pax", 'x', "999999 path=x\n").bytes()).refusal,
               Contains("malformed pax"));
    CHECK_THAT(one(RawMember("pax", 'x', "garbage").bytes()).refusal, Contains("malformed pax"));
    CHECK_THAT(read_raw(RawMember("usr/first", '0', "x").bytes() +
                        RawMember("pax", 'x', "garbage").bytes())
                   .refusal,
               Contains("after 'usr/first'"));
    // Names and headers of many megabytes.
    const std::string long_name(2 * MiB, 'a');
    CHECK_THAT(one(pax("path", long_name)).refusal, Contains("header too large"));
    CHECK_THAT(one(RawMember("././@LongLink", 'L', long_name).bytes()).refusal,
               Contains("header too large"));
    CHECK_THAT(one(RawMember("x", '0', "").put(124, 12, "77777777777").bytes()).refusal,
               Contains("at 'x': Truncated tar archive"));
    CHECK_THAT(one(RawMember("x", '0', "").put(124, 12, "\x80\xff").bytes()).refusal,
               Contains("entry size overflow"));
}

TEST_CASE("every single changed bit gives another archive or a refusal") {
    const std::string archive = TarBuilder()
                                    .file("usr/file", "content")
                                    .link("link", "usr/file")
                                    .hard_link("hard", "usr/file")
                                    .bytes()
                                    .substr(0, 4 * KiB);
    for (const char* compression : {"", "gzip", "zstd"}) {
        std::string packed = TarBuilder().file("usr/file", "content").bytes(compression);
        if (*compression == '\0')
            packed = archive + end_of_archive;
        for (std::size_t at = 0; at < packed.size(); at += *compression == '\0' ? 7 : 1) {
            std::string changed = packed;
            changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
            for (const Entry& entry : read_raw(changed).entries)
                CHECK((entry.path.empty() || entry.path.front() != '/'));
        }
    }
}

TEST_CASE("a root that is larger than any is refused before it is unpacked") {
    RootCounter counter({5, 20, 1000}); // what is refused is counted, too
    Entry entry = file_entry("a");
    entry.size = 600;
    counter.count(entry);
    CHECK_THROWS_WITH(counter.count(entry), Contains("'a': with it the root has more than 1000 B"));
    entry.size = 0;
    entry.xattrs["user.x"] = Bytes(100);
    CHECK_THROWS_WITH(counter.count(entry), Contains("paths and extended attributes"));
    entry.xattrs.clear();
    counter.count(entry);
    CHECK_THROWS_WITH(counter.count(entry), Contains("5 entries and extended attributes"));

    counter = RootCounter({5, 1000, 1000});
    counter.count(entry);
    counter.count_implied(entry, 4);
    CHECK_THROWS_WITH(counter.count_implied(entry, 1),
                      Contains("'a': with it the root has more than 5 entries") &&
                          Contains("directories that paths imply"));

    // GNU's sparse format 1.0: a terabyte of hole in one block.
    const std::string map = "0\n";
    const std::string sparse =
        pax({{"GNU.sparse.major", "1"},
             {"GNU.sparse.minor", "0"},
             {"GNU.sparse.name", "huge"},
             {"GNU.sparse.realsize", "1099511627776"}}) +
        RawMember("x", '0', map + std::string(512 - map.size(), '\0')).bytes() + end_of_archive;
    const TemporaryDirectory directory;
    write_text(directory.path() + "/sparse.tar", sparse);
    Recipe recipe = recipe_for_tar(directory.path() + "/sparse.tar");
    const UniqueFd out = open_file(directory.path() + "/image", O_RDWR | O_CREAT);
    CHECK_THROWS_WITH(write_root_image(recipe, {}, out, 0),
                      Contains("'huge': with it the root has more than 64.0 GiB of files"));
}

TEST_CASE("directories that only paths imply count as entries") {
    TarBuilder deep;
    std::string below;
    for (int i = 0; i < 300; ++i)
        below += "/d";
    for (int i = 0; i < 1400; ++i)
        deep.add(directory_entry(std::to_string(i) + below));
    CHECK_THAT(refusal_of_root(deep), Contains("'1328/d/") && Contains("more than 400000 entries"));
}

TEST_CASE("a root of more blocks than there may be is refused at the first that is too many") {
    const auto refusal = [](std::uint64_t size,
                            const std::function<std::size_t(ByteSpan)>& content) {
        const TemporaryDirectory directory;
        const UniqueFd out = open_file(directory.path() + "/image", O_RDWR | O_CREAT);
        ImageStream stream(
            out, 0, {VerityParameters::derived_from("node"), unnamed_file(), "leaves"}, "image");
        SquashfsOptions options;
        options.block_size = 4 * KiB;
        options.compression_level = 1;
        SquashfsWriter writer(stream, options);
        try {
            (void)writer.add_file("large", size, content);
        } catch (const Error& e) {
            CHECK(e.code() == ErrorCode::refused);
            return std::string(e.what());
        }
        return std::string("accepted");
    };
    std::uint64_t number = 0;
    const auto different = [&number](ByteSpan buffer) {
        const le64 value(++number);
        for (std::size_t at = 0; at + sizeof(value) <= buffer.size(); at += sizeof(value))
            std::ranges::copy(view_of(value), buffer.begin() + static_cast<std::ptrdiff_t>(at));
        return buffer.size();
    };
    CHECK_THAT(refusal(512 * MiB, different), Contains("more than 65536 blocks"));
    CHECK(number < 70'000);
    const auto hole = [](ByteSpan buffer) {
        std::ranges::fill(buffer, std::uint8_t{0});
        return buffer.size();
    };
    CHECK_THAT(refusal(64 * GiB, hole), Contains("'large'") && Contains("1048576 blocks"));
}

TEST_CASE("an archive that goes on behind its end without end is refused") {
    const std::string archive = TarBuilder().file("a", "x").bytes();
    CHECK(read_raw(archive + std::string(MiB, '\0')).refusal.empty());
    CHECK_THAT(read_raw(archive + std::string(65 * MiB, '\0')).refusal, Contains("behind its end"));
}
