// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"
#include "builder/stages/module_info.hpp"
#include "module_fixture.hpp"
#include "support/catch.hpp"

using namespace quoin;

TEST_CASE("a module's dependencies, aliases and firmware are read from its .modinfo") {
    const auto info = parse_module_info(
        make_module({"license=GPL", "depends=dm-bufio,dm-mod", "softdep=pre: sha256 nls post: late",
                     "alias=crypto-sha256", "firmware=acme/disk.bin"}),
        "m.ko");
    CHECK(info.depends == std::vector<std::string>{"dm-bufio", "dm-mod"});
    CHECK(info.softdeps == std::vector<std::string>{"sha256", "nls"});
    CHECK(info.aliases == std::vector<std::string>{"crypto-sha256"});
    CHECK(info.firmware == std::vector<std::string>{"acme/disk.bin"});
}

TEST_CASE("a module without dependencies has none") {
    CHECK(parse_module_info(make_module({"depends="}), "m.ko").depends.empty());
}

TEST_CASE("a module cut anywhere is an error, never a crash") {
    const auto whole = make_module({"depends=a", "firmware=b"});
    for (std::size_t size = 0; size < whole.size(); ++size)
        CHECK_THROWS_AS(parse_module_info(ByteView(whole).first(size), "m.ko"), Error);
}

TEST_CASE("a file that is not a module is an error that names it") {
    const Bytes text(200, 'x');
    CHECK_THROWS_WITH(parse_module_info(text, "odd.ko"), Catch::Contains("'odd.ko'"));
}

TEST_CASE("a module's name is its file name, with '-' as '_' and without compression") {
    CHECK(module_name_of_path("kernel/drivers/md/dm-verity.ko") == "dm_verity");
    CHECK(module_name_of_path("dm-mod.ko.xz") == "dm_mod");
    CHECK(module_name_of_path("dm-mod.ko.zst") == "dm_mod");
    CHECK(module_name_of_path("modules.dep").empty());
    CHECK(module_name_of_path("build/x.o").empty());
}
