// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"
#include "base/file.hpp"
#include "builder/stages/archive.hpp"
#include "builder/stages/initrd.hpp"
#include "builder/stages/microcode.hpp"
#include "module_fixture.hpp"
#include "support/catch.hpp"

#include <map>

using namespace quoin;

namespace {

struct Member {
    std::string name;
    std::uint32_t mode = 0;
    std::string content;
};

/// An independent reader of "newc": 110 bytes of hex fields, name and content padded to 4.
std::vector<Member> read_newc(std::string_view archive) {
    std::vector<Member> members;
    for (std::size_t at = 0;;) {
        REQUIRE(archive.substr(at, 6) == "070701");
        const auto field = [&](std::size_t i) {
            return std::stoul(std::string(archive.substr(at + 6 + 8 * i, 8)), nullptr, 16);
        };
        const auto name_size = field(11);
        const auto size = field(6);
        const auto name = std::string(archive.substr(at + 110, name_size - 1));
        const auto content = round_up(at + 110 + name_size, 4);
        if (name == "TRAILER!!!")
            return members;
        members.push_back({name, static_cast<std::uint32_t>(field(1)),
                           std::string(archive.substr(content, size))});
        at = round_up(content + size, 4);
    }
}

const Member& member(const std::vector<Member>& members, const std::string& name) {
    for (const auto& candidate : members)
        if (candidate.name == name)
            return candidate;
    FAIL("no member " << name);
    return members.front();
}

RootFiles root_of(std::map<std::string, Bytes> files) {
    RootFiles root;
    for (const auto& [path, content] : files)
        root.paths.push_back(path);
    root.read = [files = std::move(files)](const std::string& path) {
        const auto found = files.find(path);
        return found == files.end() ? std::optional<Bytes>() : found->second;
    };
    return root;
}

Bytes text(std::string_view content) {
    return {content.begin(), content.end()};
}

std::map<std::string, Bytes> bootable_files() {
    const std::string modules = "usr/lib/modules/6.1/";
    return {
        {modules + "modules.builtin", text("a/dm-mod.ko\na/squashfs.ko\na/overlay.ko\na/ext4.ko\n"
                                           "a/vfat.ko\na/virtio_blk.ko\n")},
        {modules + "kernel/dm-verity.ko", make_module({"depends=dm-bufio"})},
        {modules + "kernel/dm-bufio.ko", make_module({"firmware=a/b.bin", "firmware=absent.bin"})},
        {"usr/lib/firmware/a/b.bin", text("firmware")}};
}

Recipe recipe() {
    Recipe recipe;
    recipe.architecture = "x86-64";
    recipe.persist = {"/var/log", "/srv"};
    return recipe;
}

} // namespace

TEST_CASE("a frame out of the cache is the one that compressing gives") {
    const TemporaryDirectory directory;
    const Bytes plain(100'000, 'x');
    const Bytes anew = zstd_compressed(plain, 19);
    BlockCache first(directory.path());
    CHECK(zstd_compressed(plain, 19, &first) == anew);
    first.commit();
    BlockCache second(directory.path());
    CHECK(zstd_compressed(plain, 19, &second) == anew);
    CHECK(second.blocks_found() == 1);
    CHECK(zstd_compressed(plain, 18, &second) == zstd_compressed(plain, 18));
    CHECK(second.blocks_found() == 1);
}

TEST_CASE("the initrd holds the early program, modules in load order, firmware and persistence") {
    const auto initrd = build_initrd(recipe(), root_of(bootable_files()), "6.1", text("program"));
    CHECK(initrd.microcode_size == 0);
    CHECK(initrd.modules == std::vector<std::string>{"dm_bufio", "dm_verity"});

    const auto plain = decompressed(initrd.content, "initrd");
    const auto members = read_newc(text_of(plain));
    CHECK(member(members, "init").content == "program");
    CHECK(member(members, "init").mode == 0100755);
    CHECK(member(members, "modules/000-dm_bufio.ko").content ==
          text_of(make_module({"firmware=a/b.bin", "firmware=absent.bin"})));
    CHECK(member(members, "modules").mode == 040755);
    CHECK(member(members, "lib/firmware/a/b.bin").content == "firmware");
    CHECK(member(members, "persist").content == "/var/log\n/srv\n");
    CHECK(members.size() == 9); // and the directories lib, lib/firmware, lib/firmware/a
}

TEST_CASE("compressed firmware is unpacked, absent firmware is named") {
    for (const char* suffix : {".zst", ".xz"}) {
        CAPTURE(suffix);
        auto files = bootable_files();
        auto firmware = files.extract("usr/lib/firmware/a/b.bin");
        // Of both names: what is in the file says how it is packed.
        files["usr/lib/firmware/a/b.bin" + std::string(suffix)] =
            zstd_compressed(firmware.mapped(), 3);
        const auto initrd = build_initrd(recipe(), root_of(files), "6.1", text("program"));
        const auto members = read_newc(text_of(decompressed(initrd.content, "initrd")));
        CHECK(member(members, "lib/firmware/a/b.bin").content == "firmware");
        REQUIRE(initrd.warnings.size() == 1);
        CHECK(initrd.warnings[0] == "the root lacks the firmware 'absent.bin', which the module "
                                    "'dm_bufio' may ask for in early boot");
    }
}

TEST_CASE("microcode comes first, uncompressed, in the kernel's place") {
    auto files = bootable_files();
    files["usr/lib/firmware/intel-ucode/06-01"] = text("one");
    files["usr/lib/firmware/intel-ucode/06-02"] = text("two");
    files["usr/lib/firmware/intel-ucode/LICENSE"] = text("words");
    files["usr/lib/firmware/amd-ucode/microcode_amd.bin"] = text("amd");
    files["usr/lib/firmware/amd-ucode/microcode_amd.bin.asc"] = text("signature");
    const auto initrd = build_initrd(recipe(), root_of(files), "6.1", text("program"));

    REQUIRE(initrd.microcode_size > 0);
    REQUIRE(initrd.microcode_size % 4 == 0);
    const auto members = read_newc(text_of(ByteView(initrd.content).first(initrd.microcode_size)));
    CHECK(member(members, "kernel/x86/microcode/GenuineIntel.bin").content == "onetwo");
    CHECK(member(members, "kernel/x86/microcode/AuthenticAMD.bin").content == "amd");
    const auto rest = ByteView(initrd.content).subspan(initrd.microcode_size);
    CHECK_NOTHROW(read_newc(text_of(decompressed(rest, "initrd"))));
}

TEST_CASE("of all paths below its directories an initrd needs those of modules and microcode") {
    for (const std::string path :
         {"usr/lib/modules/6.1.0/kernel/dm-mod.ko", "usr/lib/modules/6.1.0/updates/a.ko.xz",
          "usr/lib/firmware/amd-ucode/a.bin", "usr/lib/firmware/intel-ucode/06-01-01"}) {
        CAPTURE(path);
        CHECK(is_path_for_initrd(path));
    }
    for (const std::string path :
         {"usr/lib/modules/6.1.0/modules.dep", "usr/lib/modules/6.1.0/build/Makefile",
          "usr/lib/firmware/amd-ucode/a.bin.asc", "usr/lib/firmware/amd-ucode/README",
          "usr/lib/firmware/intel-ucode/old/06-01-01"}) {
        CAPTURE(path);
        CHECK_FALSE(is_path_for_initrd(path));
    }
}

TEST_CASE("the initrd is the same every time") {
    const auto build = [] {
        return build_initrd(recipe(), root_of(bootable_files()), "6.1", text("program")).content;
    };
    CHECK(build() == build());
}

TEST_CASE("compressed modules are unpacked") {
    auto files = bootable_files();
    auto& plain = files["usr/lib/modules/6.1/kernel/dm-verity.ko"];
    files["usr/lib/modules/6.1/kernel/dm-verity.ko.zst"] = zstd_compressed(plain, 3);
    files.erase("usr/lib/modules/6.1/kernel/dm-verity.ko");
    const auto initrd = build_initrd(recipe(), root_of(files), "6.1", text("program"));
    const auto members = read_newc(text_of(decompressed(initrd.content, "initrd")));
    CHECK(member(members, "modules/001-dm_verity.ko").content ==
          text_of(make_module({"depends=dm-bufio"})));
}

TEST_CASE("damaged compression is an error that names the file") {
    auto damaged = zstd_compressed(Bytes(10'000, 'x'), 3);
    damaged.resize(damaged.size() / 2);
    CHECK_THROWS_WITH(decompressed(damaged, "m.ko.zst"), Catch::Contains("'m.ko.zst'"));
}

TEST_CASE("data that grows over the limit is refused") {
    const auto bomb = zstd_compressed(Bytes(1 << 20, 0), 3);
    CHECK_THROWS_AS(decompressed(bomb, "bomb", 1 << 10), Error);
}
