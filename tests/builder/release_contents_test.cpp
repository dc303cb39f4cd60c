// SPDX-License-Identifier: Apache-2.0
// From a small root to the table that says what lies where, and of which package it is.
#include "builder/artifacts/release_contents.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/units.hpp"
#include "builder/stages/generations.hpp"
#include "disk/uki.hpp"
#include "root_fixture.hpp"
#include "support/catch.hpp"

#include <algorithm>

using namespace quoin;
using namespace quoin::test;
using Catch::Matchers::Contains;

namespace {

constexpr std::size_t block = 128 << 10;

Bytes sample_uki() {
    const Bytes stub = read_file("/usr/lib/systemd/boot/efi/linuxx64.efi.stub", 1 << 20);
    const auto bytes = [](const std::string& text) { return Bytes(text.begin(), text.end()); };
    return assemble_uki(stub, {{".uname", bytes("6.1.0")}, {".linux", bytes(noise(5000, 9))}});
}

/// A root image, its UKI and their index.
struct Built {
    TemporaryDirectory directory;
    UniqueFd file;
    Bytes uki = sample_uki();
    SlotIndex index;
    std::unique_ptr<RootReader> reader;

    explicit Built(const TarBuilder& tar) {
        const std::string path = directory.path() + "/root.tar";
        tar.write(path);
        file = open_file(directory.path() + "/image", O_RDWR | O_CREAT);
        const RootImage image = write_root_image(recipe_for_tar(path), {}, file, 0);
        index = {image.chunks, index_uki(uki)};
        reader = std::make_unique<RootReader>(file, 0, image.size);
    }

    [[nodiscard]] Contents contents() const {
        return ReleaseContents(*reader, index.root).with_uki(index, uki);
    }
    [[nodiscard]] std::uint64_t place_of_chunk(std::uint32_t number) const {
        std::uint64_t place = 0;
        for (std::uint32_t i = 0; i < number; ++i)
            place += index.root[i].size;
        return place;
    }
};

TarBuilder root_with_packages() {
    TarBuilder tar = small_root();
    tar.file("var/lib/dpkg/info/libbig:amd64.list", "/.\n/lib\n/lib/big\n");
    tar.file("var/lib/dpkg/info/python3-thing.list", "/usr/share/thing.py\n");
    tar.file("var/lib/dpkg/info/linux-image-test.list", "/boot/vmlinuz-6.1.0\n");
    tar.file("var/lib/dpkg/info/python3-thing.md5sums", "/usr/lib/small\n");
    tar.file("usr/lib/big", noise(2 * block + 100, 1));
    tar.file("usr/lib/small", noise(300, 2));
    tar.file("usr/share/thing.py", "print()\n");
    tar.file("usr/share/__pycache__/thing.cpython-311.pyc", noise(400, 3));
    tar.file("usr/lib/empty", "");
    return tar;
}

const ContentsEntry& entry(const Contents& contents, const std::string& name) {
    const auto found = std::ranges::find(contents.entries, name, &ContentsEntry::name);
    if (found == contents.entries.end())
        FAIL("no entry " << name);
    return *found;
}

} // namespace

TEST_CASE("the contents table names the chunks of every file and section") {
    const Built built(root_with_packages());
    const Contents contents = built.contents();
    const auto& big = entry(contents, "/usr/lib/big");
    REQUIRE(big.chunks == 2);
    CHECK(big.tail_size == 100);
    // Noise is stored as it is: its second block lies where the table says.
    Bytes stored(block);
    pread_exact(built.file, stored, built.place_of_chunk(big.first_chunk + 1), "image");
    CHECK(text_of(stored) == noise(2 * block + 100, 1).substr(block, block));
    CHECK(built.index.root[big.tail_chunk].kind == ChunkKind::fragment);

    CHECK(entry(contents, "/usr/lib/small").tail_chunk == big.tail_chunk);
    CHECK(entry(contents, "/usr/lib/empty").tail_chunk == ContentsEntry::no_tail);
    const auto& kernel = entry(contents, ".linux");
    REQUIRE(kernel.chunks == 1);
    CHECK(built.index.uki[kernel.first_chunk - built.index.root.size()].size == 5000);
    CHECK(std::ranges::is_sorted(contents.entries, {}, &ContentsEntry::name));
}

TEST_CASE("files belong to the packages whose lists name them, wherever /lib leads") {
    const Built built(root_with_packages());
    const Contents contents = built.contents();
    CHECK(entry(contents, "/usr/lib/big").package == "libbig");
    CHECK(entry(contents, "/usr/share/__pycache__/thing.cpython-311.pyc").package ==
          "python3-thing");
    CHECK(entry(contents, ".linux").package == "linux-image-test");
    CHECK(entry(contents, "/usr/lib/small").package.empty());
}

TEST_CASE("an entry is new when its content changed, in a block or in its end") {
    const Contents old_contents = Built(root_with_packages()).contents();
    TarBuilder changed = small_root();
    changed.file("usr/lib/big", noise(2 * block, 1) + noise(100, 77));
    changed.file("usr/lib/small", noise(300, 2));
    Contents contents = Built(changed).contents();
    follow_previous(contents, old_contents);
    CHECK(entry(contents, "/usr/lib/big").generation == 0);
    CHECK(entry(contents, "/usr/lib/small").generation == 1);
    CHECK(entry(contents, ".linux").generation == 1);

    TarBuilder in_block = small_root();
    in_block.file("usr/lib/big", noise(block, 78) + noise(2 * block + 100, 1).substr(block));
    contents = Built(in_block).contents();
    follow_previous(contents, old_contents);
    CHECK(entry(contents, "/usr/lib/big").generation == 0);
}

TEST_CASE("another root's index is refused") {
    Built built(root_with_packages());
    built.index.root.front().size += 1;
    CHECK_THROWS_WITH(built.contents(), Contains("not the chunks of its index"));
}

TEST_CASE("names that a table cannot hold are refused before they fill memory") {
    std::string deep = "usr";
    for (int level = 0; level < 15; ++level)
        deep += "/" + std::string(255, 'd');
    TarBuilder tar = small_root();
    tar.directory(deep);
    tar.link("usr/short", "/" + deep); // what is in it has a short name in the archive only
    for (int i = 0; i < 17'500; ++i)
        tar.file("usr/short/" + std::to_string(i), "");
    const Built built(tar);
    CHECK_THROWS_WITH(ReleaseContents(*built.reader, built.index.root),
                      Contains("more than 64.0 MiB"));
}

TEST_CASE("package lists with more text or more paths than any system has are refused") {
    TarBuilder large = small_root();
    large.file("var/lib/dpkg/info/a.list", std::string(64 * MiB - 3, '\n'));
    large.file("var/lib/dpkg/info/b.list", "/b\n/c\n");
    CHECK_THROWS_WITH(Built(large).contents(),
                      Contains("package lists") && Contains("more than 64.0 MiB"));
    std::string paths;
    for (int i = 0; i <= 1'000'000; ++i)
        paths += "/" + std::to_string(i) + "\n";
    TarBuilder many = small_root();
    many.file("var/lib/dpkg/info/many.list", paths);
    CHECK_THROWS_WITH(Built(many).contents(),
                      Contains("package lists") && Contains("more than 1000000 paths"));
}
