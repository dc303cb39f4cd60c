// SPDX-License-Identifier: Apache-2.0
#include "builder/artifacts/compare_releases.hpp"
#include "support/catch.hpp"

using namespace quoin;

namespace {

Chunk chunk(std::uint8_t name, std::uint32_t size) {
    Chunk result;
    result.hash.fill(name);
    result.size = size;
    return result;
}

} // namespace

TEST_CASE("installed packages are read from dpkg's status, others are left out") {
    const auto packages = parse_dpkg_status("Package: bash\n"
                                            "Status: install ok installed\n"
                                            "Architecture: amd64\n"
                                            "Version: 5.2.15-2+b2\n"
                                            "Description: shell\n"
                                            " Version: of the description\n"
                                            "\n"
                                            "Package: gone\n"
                                            "Status: deinstall ok config-files\n"
                                            "Version: 1\n"
                                            "\n"
                                            "Package: bash\n"
                                            "Status: install ok installed\n"
                                            "Architecture: i386\n"
                                            "Version: 5.1\n");
    CHECK(packages == Packages{{"bash", "5.2.15-2+b2"}, {"bash:i386", "5.1"}});
}

TEST_CASE("packages are added, removed and changed, in order of their names") {
    const auto changes = compare_packages({{"a", "1"}, {"b", "1"}, {"c", "1"}},
                                          {{"b", "2"}, {"c", "1"}, {"d", "4"}});
    REQUIRE(changes.size() == 3);
    CHECK((changes[0].name == "a" && changes[0].new_version.empty()));
    CHECK(
        (changes[1].name == "b" && changes[1].old_version == "1" && changes[1].new_version == "2"));
    CHECK((changes[2].name == "d" && changes[2].old_version.empty()));
}

TEST_CASE("a chunk is missing unless the old root, or the old UKI, has the same") {
    const SlotIndex old_index{{chunk(1, 100), chunk(2, 200)}, {chunk(3, 300)}};
    const SlotIndex new_index{{chunk(2, 200), chunk(3, 300), chunk(4, 400), chunk(1, 101)},
                              {chunk(5, 500), chunk(3, 300)}};
    CHECK(missing_chunks(old_index, new_index) ==
          std::vector<bool>{false, true, true, true, true, false});
}
