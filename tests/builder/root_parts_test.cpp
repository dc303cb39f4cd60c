// SPDX-License-Identifier: Apache-2.0
// The small parts between sources and squashfs.
#include "base/error.hpp"
#include "base/file.hpp"
#include "builder/root/kernel.hpp"
#include "builder/root/needed_libraries.hpp"
#include "builder/root/removal.hpp"
#include "builder/root/system_files.hpp"
#include "builder/sources/debian.hpp"
#include "builder/squashfs/fragment_packer.hpp"
#include "root_fixture.hpp"
#include "support/catch.hpp"

#include <algorithm>

using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;
using namespace quoin;
using namespace quoin::test;

TEST_CASE("removal patterns match whole directories, and not across slashes") {
    RemovalPatterns patterns({"/usr/share/doc/*", "/var/cache/apt", "/usr/*/locale", "/unused"});
    CHECK(patterns.match("usr/share/doc/bash/README"));
    CHECK_FALSE(patterns.match("usr/share/doc"));
    CHECK(patterns.match("var/cache/apt"));
    CHECK(patterns.match("var/cache/apt/archives/x.deb"));
    CHECK(patterns.match("usr/share/locale/de"));
    CHECK_FALSE(patterns.match("usr/share/deep/locale"));
    CHECK_FALSE(patterns.match(""));
    CHECK(patterns.unused() == std::vector<std::string>{"/unused"});
}

TEST_CASE("kernels are recognised by their places") {
    CHECK(kernel_release_of("boot/vmlinuz-6.1.0-13-amd64") == "6.1.0-13-amd64");
    CHECK(kernel_release_of("usr/lib/modules/6.1/vmlinuz") == "6.1");
    CHECK_FALSE(kernel_release_of("boot/vmlinuz-"));
    CHECK_FALSE(kernel_release_of("boot/vmlinuz-a/b"));
    CHECK_FALSE(kernel_release_of("usr/lib/modules/6.1/kernel/vmlinuz"));
    CHECK(is_boot_file("initrd.img.old"));
    CHECK(is_boot_file("boot/System.map-6.1"));
    CHECK_FALSE(is_boot_file("boot/grub/grub.cfg"));
    CHECK_FALSE(is_boot_file("etc/vmlinuz"));
}

TEST_CASE("the newest kernel is kept, or the wanted one") {
    const auto offer_all = [](KernelChoice& choice) {
        for (const char* release : {"6.1.0-9", "6.1.0-13", "5.10.0-99"})
            choice.offer(release, read_from(bytes_of(release)));
    };
    KernelChoice newest("");
    offer_all(newest);
    CHECK(newest.release() == "6.1.0-13");
    CHECK(text_of(newest.image()) == "6.1.0-13");
    KernelChoice wanted("5.10.0-99");
    offer_all(wanted);
    CHECK(text_of(wanted.image()) == "5.10.0-99");
    KernelChoice absent("6.6");
    offer_all(absent);
    CHECK_THROWS_WITH(absent.require_found({}),
                      Contains("no kernel '6.6'") && Contains("5.10.0-99, 6.1.0-13, 6.1.0-9"));
    CHECK_THROWS_WITH(KernelChoice("").require_found({}),
                      Contains("no kernel found in the root: expected /boot/vmlinuz-*"));
}

TEST_CASE("fragment boundaries come back into step after a change") {
    const auto pack = [](bool changed) {
        std::vector<Bytes> blocks;
        FragmentPacker packer(
            64 << 10, [&](ByteView block) { blocks.emplace_back(block.begin(), block.end()); });
        for (std::uint32_t i = 0; i < 400; ++i) {
            std::string tail = noise(1000 + 20 * (i % 100), i);
            if (changed && i == 10)
                tail += "one byte more, and some";
            packer.add("file" + std::to_string(i), bytes_of(tail));
        }
        packer.finish();
        return blocks;
    };
    const auto before = pack(false);
    const auto after = pack(true);
    const auto kept = std::count_if(after.begin(), after.end(), [&](const Bytes& block) {
        return std::find(before.begin(), before.end(), block) != before.end();
    });
    CHECK(after.size() - static_cast<std::size_t>(kept) <= 4);
    CHECK(std::all_of(after.begin(), after.end(),
                      [](const Bytes& block) { return block.size() <= 64 << 10; }));
}

TEST_CASE("equal tails share their place") {
    FragmentPacker packer(4096, [](ByteView) {});
    const auto first = packer.add("a", bytes_of("same"));
    packer.add("b", bytes_of("other"));
    const auto again = packer.add("c", bytes_of("same"));
    CHECK(again.block == first.block);
    CHECK(again.offset == first.offset);
}

TEST_CASE("os-release says which image this is and keeps the rest") {
    Recipe recipe = recipe_for_tar("");
    CHECK(os_release_of_image("ID=debian\nIMAGE_ID=other\nIMAGE_VERSION=0\nVERSION_ID=12\n",
                              recipe) ==
          "ID=debian\nVERSION_ID=12\nIMAGE_ID=node\nIMAGE_VERSION=1.2.3\n");
    recipe.version = "1.0~rc1";
    CHECK_THAT(os_release_of_image("", recipe),
               StartsWith("ID=linux\n") && EndsWith("IMAGE_VERSION=\"1.0~rc1\"\n"));
}

TEST_CASE("a network becomes a systemd.network unit") {
    RecipeNetwork network;
    network.match = "en*";
    network.dhcp = false;
    network.addresses = {"192.0.2.7/24"};
    network.gateway = "192.0.2.1";
    network.dns = {"192.0.2.2", "2001:db8::1"};
    CHECK(network_unit(network) == "[Match]\nName=en*\n\n[Network]\nDHCP=no\n"
                                   "Address=192.0.2.7/24\nGateway=192.0.2.1\nDNS=192.0.2.2\n"
                                   "DNS=2001:db8::1\n");
}

TEST_CASE("libraries that a program needs are found in its ELF header") {
    const auto own = needed_libraries(read_file("/proc/self/exe", 1 << 30));
    CHECK(std::find(own.begin(), own.end(), "libc.so.6") != own.end());
    CHECK(needed_libraries(bytes_of("#!/bin/sh\n")).empty());
    // Damaged at every length: no answer, but no harm either.
    const Bytes whole = read_file("/proc/self/exe", 1 << 30);
    for (std::size_t size = 0; size < 4096; size += 13)
        CHECK(needed_libraries(ByteView(whole).first(size)).empty());
}

TEST_CASE("mmdebstrap gets every parameter as an argument of its own") {
    DebianSource source;
    source.suite = "bookworm";
    source.security = true;
    source.packages = {"systemd-sysv", "ssh"};
    source.local_packages = {"/tmp/own.deb"};
    source.components = {"main", "non-free-firmware"};
    source.mirrors = {"http://mirror.example/debian/", "deb http://x.example/ ./"};
    const auto command = mmdebstrap_command(source, "x86-64");
    const auto has = [&](const std::string& argument) {
        return std::find(command.begin(), command.end(), argument) != command.end();
    };
    CHECK(command.front() == "mmdebstrap");
    CHECK(has("--architectures=amd64"));
    CHECK(has("--include=systemd-sysv,ssh,/tmp/own.deb"));
    CHECK(has("deb http://mirror.example/debian/ bookworm main non-free-firmware"));
    CHECK(has("deb http://mirror.example/debian-security bookworm-security main "
              "non-free-firmware"));
    CHECK(has("deb http://x.example/ ./"));
    source.mirrors.clear();
    const auto with_default = mmdebstrap_command(source, "arm64");
    CHECK(std::find(with_default.begin(), with_default.end(),
                    "deb http://deb.debian.org/debian bookworm main non-free-firmware") !=
          with_default.end());
}
