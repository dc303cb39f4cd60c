// SPDX-License-Identifier: Apache-2.0
#include "agent/bootloaders/systemd_boot.hpp"

#include "agent/bootloaders/uki_file.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "crypto/digest.hpp"
#include "disk/uki.hpp"
#include "release_fixture.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <filesystem>
#include <sys/stat.h>

using namespace quoin;
using namespace quoin::test;
namespace fs = std::filesystem;

namespace {

BootEntryName entry_name(const std::string& version) {
    return {"node", version, std::nullopt};
}

BootEntryName entry_name(const std::string& version, unsigned left, unsigned done) {
    return {"node", version, BootEntryName::Counter{left, done}};
}

/// A directory like an ESP.
class Esp {
  public:
    Esp() { fs::create_directories(entries()); }
    [[nodiscard]] std::string entries() const { return directory_.path() + "/EFI/Linux"; }
    [[nodiscard]] std::string path(const std::string& name) const { return entries() + "/" + name; }
    void add(const std::string& name, ByteView content) const {
        replace_file_durably(path(name), content);
    }
    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> found;
        for (const auto& entry : fs::directory_iterator(entries()))
            found.push_back(entry.path().filename());
        std::sort(found.begin(), found.end());
        return found;
    }
    [[nodiscard]] SystemdBoot loader() const { return SystemdBoot(directory_.path()); }

  private:
    TemporaryDirectory directory_;
};

/// Not a UKI, but something that starts like a program; not a multiple of any block size.
Bytes image(std::uint64_t seed, std::size_t size = 600'007) {
    Bytes bytes = noise(seed, size);
    bytes[0] = 'M';
    bytes[1] = 'Z';
    return bytes;
}

BootImageReader reader_of(const Bytes& content, std::size_t most = 10'000) {
    return [&content, most, offset = std::size_t{0}](ByteSpan buffer) mutable {
        const std::size_t count = std::min({buffer.size(), content.size() - offset, most});
        std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(offset), count, buffer.begin());
        offset += count;
        return count;
    };
}

void stage(SystemdBoot& loader, const BootEntryName& name, const Bytes& content) {
    loader.stage(name, content.size(), sha256(content).hex(), reader_of(content));
}

} // namespace

TEST_CASE("entries come in the loader's order, unlisted ones last") {
    const Esp esp;
    esp.add("node_1.0.0.efi", image(1));
    esp.add("node_2.0.0+0-3.efi", image(2));
    esp.add("node_1.5.0+2-1.efi", image(3));
    esp.add("node_3.0.0+3-0.efi", Bytes(1000));
    esp.add("other.txt", image(4));
    const auto entries = esp.loader().entries();
    std::vector<std::string> names;
    for (const BootEntry& entry : entries)
        names.push_back(entry.name.file_name());
    CHECK(names == std::vector<std::string>{"node_1.5.0+2-1.efi", "node_1.0.0.efi",
                                            "node_2.0.0+0-3.efi", "node_3.0.0+3-0.efi"});
    CHECK(entries[0].listed);
    CHECK_FALSE(entries[3].listed);
    CHECK(entries[1].size == 600'007);
}

TEST_CASE("an empty file is an entry that is not listed") {
    const Esp esp;
    esp.add("node_1.0.0+3-0.efi", {});
    const auto entries = esp.loader().entries();
    REQUIRE(entries.size() == 1);
    CHECK_FALSE(entries[0].listed);
}

TEST_CASE("the root hash comes from the boot image's command line") {
    const TestNode node(content("1.0.0", 1));
    const auto entries = SystemdBoot(node.directory() + "/esp").entries();
    REQUIRE(entries.size() == 1);
    CHECK(entries[0].root_hash == node.running().manifest.root_hash.hex());
}

TEST_CASE("a damaged boot image has no root hash, wherever it was cut") {
    const TestNode node(content("1.0.0", 1));
    const Bytes whole = node.running().uki;
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/cut.efi";
    for (std::size_t size = 512; size < whole.size(); size += 3001) {
        CAPTURE(size);
        replace_file_durably(path, ByteView(whole).first(size));
        const auto found = root_hash_in(open_file(path, O_RDONLY), path);
        CHECK((!found || found == node.running().manifest.root_hash.hex()));
    }
    Bytes noisy = whole;
    for (std::size_t at = 60; at < 1024; at += 7) {
        noisy[at] = static_cast<std::uint8_t>(noisy[at] ^ 0xff);
        replace_file_durably(path, noisy);
        (void)root_hash_in(open_file(path, O_RDONLY), path);
    }
}

TEST_CASE("a staged image is complete but unlisted; arming writes one sector") {
    const Esp esp;
    SystemdBoot loader = esp.loader();
    const Bytes content = image(1);
    stage(loader, entry_name("2.0.0", 3, 0), content);
    const std::string path = esp.path("node_2.0.0+3-0.efi");
    Bytes staged = read_file(path, 1 << 20);
    REQUIRE(staged.size() == content.size());
    CHECK(all_zero(ByteView(staged).first(512)));
    CHECK(std::equal(staged.begin() + 512, staged.end(), content.begin() + 512));
    CHECK_FALSE(loader.entries().at(0).listed);

    loader.arm(entry_name("2.0.0", 3, 0), ByteView(content).first(512));
    CHECK(read_file(path, 1 << 20) == content);
    CHECK(loader.entries().at(0).listed);
}

TEST_CASE("images of all sizes around a block survive staging") {
    const Esp esp;
    SystemdBoot loader = esp.loader();
    for (const std::size_t size : {512U, 513U, 4095U, 4096U, 4097U, 262144U, 262145U}) {
        CAPTURE(size);
        CHECK_NOTHROW(stage(loader, entry_name("2.0.0", 3, 0), image(1, size)));
    }
}

TEST_CASE("an image that is not the announced one is not listed") {
    const Esp esp;
    SystemdBoot loader = esp.loader();
    const Bytes content = image(1);
    const auto name = entry_name("2.0.0", 3, 0);
    const std::string digest = sha256(content).hex();
    CHECK_THROWS_AS(loader.stage(name, content.size(), std::string(64, '0'), reader_of(content)),
                    Error);
    CHECK_THROWS_AS(loader.stage(name, content.size() - 1, digest, reader_of(content)), Error);
    CHECK_THROWS_AS(loader.stage(name, content.size() + 1, digest, reader_of(content)), Error);
    CHECK_THROWS_AS(loader.stage(name, 100, digest, reader_of(content)), Error);
    for (const BootEntry& entry : loader.entries())
        CHECK_FALSE(entry.listed);
    CHECK_NOTHROW(stage(loader, name, content));
}

TEST_CASE("what an interrupted staging left is overwritten in place and may be read meanwhile") {
    const Esp esp;
    SystemdBoot loader = esp.loader();
    const Bytes content = image(1);
    const std::string path = esp.path("node_2.0.0+3-0.efi");
    const std::size_t left = GENERATE(0U, 300U, 200'000U, 600'007U, 900'000U);
    CAPTURE(left);
    Bytes before = content;
    before.resize(left, 0xee);
    std::fill_n(before.begin(), std::min<std::size_t>(left, 512), std::uint8_t{0});
    esp.add("node_2.0.0+3-0.efi", before);
    const auto inode = [&] {
        struct stat status {};
        REQUIRE(::stat(path.c_str(), &status) == 0);
        return status.st_ino;
    };
    const auto inode_before = inode();

    // Takes from the file what is there of it, as an install does.
    const UniqueFd file = open_file(path, O_RDONLY);
    std::size_t offset = 0;
    loader.stage(entry_name("2.0.0", 3, 0), content.size(), sha256(content).hex(),
                 [&](ByteSpan buffer) {
                     const std::size_t end = std::min(offset + 10'007, content.size());
                     const ByteSpan piece = buffer.first(std::min(end - offset, buffer.size()));
                     if (offset >= 512 && offset + piece.size() <= std::min(left, content.size()))
                         pread_exact(file, piece, offset, path);
                     else
                         std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(offset),
                                     piece.size(), piece.begin());
                     offset += piece.size();
                     return piece.size();
                 });
    const Bytes staged = read_file(path, 1 << 20);
    REQUIRE(staged.size() == content.size());
    CHECK(std::equal(staged.begin() + 512, staged.end(), content.begin() + 512));
    CHECK(inode() == inode_before);
}

TEST_CASE("a left image whose clusters another file has, too, is not written into") {
    const Esp esp;
    SystemdBoot loader = esp.loader();
    const std::string path = esp.path("node_2.0.0+3-0.efi");
    esp.add("node_2.0.0+3-0.efi", Bytes(4096));
    fs::create_hard_link(path, esp.path("node_1.0.0.efi"));
    CHECK_THROWS_WITH(stage(loader, entry_name("2.0.0", 3, 0), image(1)),
                      Catch::Matchers::Contains("shares its clusters"));
    CHECK(read_file(path, 1 << 20) == Bytes(4096));
}

TEST_CASE("what the loader lists is not overwritten") {
    const Esp esp;
    SystemdBoot loader = esp.loader();
    esp.add("node_2.0.0+3-0.efi", image(1));
    CHECK_THROWS_WITH(stage(loader, entry_name("2.0.0", 3, 0), image(2)),
                      Catch::Matchers::Contains("is listed"));
    CHECK(read_file(esp.path("node_2.0.0+3-0.efi"), 1 << 20) == image(1));
}

TEST_CASE("staging makes room by removing what is unlisted and nothing else") {
    const Esp esp;
    SystemdBoot loader = esp.loader();
    esp.add("node_1.0.0.efi", image(1));
    esp.add("node_2.0.0+3-0.efi", Bytes(4096));
    esp.add("node_1.9.0+0-3.efi", Bytes(4096));
    esp.add("foreign.efi", Bytes(4096));
    stage(loader, entry_name("2.0.0", 3, 0), image(2));
    CHECK(esp.names() ==
          std::vector<std::string>{"foreign.efi", "node_1.0.0.efi", "node_2.0.0+3-0.efi"});
}

TEST_CASE("two unlisted names of one file both stay, since removing one would free the other's") {
    const Esp esp;
    SystemdBoot loader = esp.loader();
    esp.add("node_2.0.0+2-1.efi", Bytes(4096));
    fs::create_hard_link(esp.path("node_2.0.0+2-1.efi"), esp.path("node_2.0.0.efi"));
    stage(loader, entry_name("3.0.0", 3, 0), image(2));
    CHECK(esp.names().size() == 3);
}

TEST_CASE("no room is said before anything is written") {
    const Esp esp;
    SystemdBoot loader = esp.loader();
    bool asked = false;
    // Twice what is free: others give room back on the same file system meanwhile.
    CHECK_THROWS_WITH(loader.stage(entry_name("2.0.0", 3, 0), 2 * loader.free_space(0),
                                   std::string(64, '0'),
                                   [&asked](ByteSpan) -> std::size_t {
                                       asked = true;
                                       return 0;
                                   }),
                      Catch::Matchers::Contains("are free"));
    CHECK_FALSE(asked);
    CHECK(esp.names().empty());
}

TEST_CASE("only a program's first sector arms") {
    const Esp esp;
    SystemdBoot loader = esp.loader();
    stage(loader, entry_name("2.0.0", 3, 0), image(1));
    CHECK_THROWS_AS(loader.arm(entry_name("2.0.0", 3, 0), Bytes(512)), Error);
    CHECK_THROWS_AS(loader.arm(entry_name("2.0.0", 3, 0), ByteView(image(1)).first(511)), Error);
    CHECK_FALSE(loader.entries().at(0).listed);
}

TEST_CASE("un-listing zeroes one sector and keeps the counter") {
    const Esp esp;
    SystemdBoot loader = esp.loader();
    const Bytes content = image(1);
    esp.add("node_2.0.0+2-1.efi", content);
    loader.unlist(entry_name("2.0.0", 2, 1));
    const Bytes left = read_file(esp.path("node_2.0.0+2-1.efi"), 1 << 20);
    CHECK(all_zero(ByteView(left).first(512)));
    CHECK(std::equal(left.begin() + 512, left.end(), content.begin() + 512));
}

TEST_CASE("confirming takes the counter off, whatever the loader made of it meanwhile") {
    const Esp esp;
    SystemdBoot loader = esp.loader();
    const Bytes content = image(1);
    esp.add("node_2.0.0+1-2.efi", content);
    CHECK(loader.confirm(entry_name("2.0.0", 3, 0)));
    CHECK(esp.names() == std::vector<std::string>{"node_2.0.0.efi"});
    CHECK(read_file(esp.path("node_2.0.0.efi"), 1 << 20) == content);
    CHECK_FALSE(loader.confirm(entry_name("2.0.0")));
    CHECK_THROWS_AS(loader.confirm(entry_name("9.0.0")), Error);
}

TEST_CASE("a confirmed name beside a counted one ends with the confirmed one alone listed") {
    const Esp esp;
    SystemdBoot loader = esp.loader();
    esp.add("node_2.0.0+2-1.efi", image(1));
    SECTION("both listed: a rename that a power cut doubled") {
        esp.add("node_2.0.0.efi", image(1));
        CHECK_FALSE(loader.confirm(entry_name("2.0.0", 2, 1)));
    }
    SECTION("the confirmed one is an unlisted leftover") {
        esp.add("node_2.0.0.efi", Bytes(4096));
        CHECK(loader.confirm(entry_name("2.0.0", 2, 1)));
    }
    SECTION("both names stand for one file: neither may be touched") {
        fs::create_hard_link(esp.path("node_2.0.0+2-1.efi"), esp.path("node_2.0.0.efi"));
        CHECK_FALSE(loader.confirm(entry_name("2.0.0", 2, 1)));
        CHECK(read_file(esp.path("node_2.0.0.efi"), 1 << 20) == image(1));
        return;
    }
    std::vector<std::string> listed;
    for (const BootEntry& entry : loader.entries())
        if (entry.listed)
            listed.push_back(entry.name.file_name());
    CHECK(listed == std::vector<std::string>{"node_2.0.0.efi"});
}

TEST_CASE("an exhausted entry gets fresh tries and keeps its content") {
    const Esp esp;
    SystemdBoot loader = esp.loader();
    const Bytes content = image(1);
    esp.add("node_2.0.0+0-3.efi", content);
    loader.rearm(entry_name("2.0.0", 0, 3), 3);
    CHECK(esp.names() == std::vector<std::string>{"node_2.0.0+3-0.efi"});
    CHECK(read_file(esp.path("node_2.0.0+3-0.efi"), 1 << 20) == content);
}

TEST_CASE("an entry that is not listed is not given tries") {
    const Esp esp;
    SystemdBoot loader = esp.loader();
    esp.add("node_2.0.0+0-3.efi", Bytes(4096));
    CHECK_THROWS_AS(loader.rearm(entry_name("2.0.0", 0, 3), 3), Error);
    CHECK(esp.names() == std::vector<std::string>{"node_2.0.0+0-3.efi"});
}
