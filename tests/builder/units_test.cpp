// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"
#include "builder/root/units.hpp"
#include "support/catch.hpp"

#include <map>

using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;
using namespace quoin;

namespace {

const std::string place = "usr/lib/systemd/system/";

std::vector<std::string> links(const std::string& unit,
                               const std::map<std::string, std::string>& units) {
    std::vector<std::string> lines;
    const UnitLookup lookup = [&](const std::string& name) -> std::optional<FoundUnit> {
        const auto found = units.find(name);
        if (found == units.end())
            return std::nullopt;
        return FoundUnit{place + name, found->second};
    };
    for (const UnitLink& link : links_to_enable(unit, lookup))
        lines.push_back(link.path.substr(std::string("etc/systemd/system/").size()) + " -> " +
                        link.target.substr(place.size() + 1));
    return lines;
}

using Lines = std::vector<std::string>;

} // namespace

TEST_CASE("enabling follows WantedBy, RequiredBy and Alias") {
    CHECK(links("a.service",
                {{"a.service", "[Unit]\nWantedBy=not.target\n[Install]\n# WantedBy=no.target\n"
                               "WantedBy=one.target \\\n two.target\nRequiredBy=three.target\n"
                               "Alias=b.service\n"}}) ==
          Lines{"one.target.wants/a.service -> a.service",
                "two.target.wants/a.service -> a.service",
                "three.target.requires/a.service -> a.service", "b.service -> a.service"});
}

TEST_CASE("an empty assignment forgets the earlier ones") {
    CHECK(links("a.service",
                {{"a.service",
                  "[Install]\nWantedBy=one.target\nWantedBy=\nWantedBy=two.target\n"}}) ==
          Lines{"two.target.wants/a.service -> a.service"});
}

TEST_CASE("instances come from their template") {
    const std::map<std::string, std::string> units{
        {"t@.service", "[Install]\nWantedBy=getty.target\nAlias=x-%i-%p.service\n"
                       "DefaultInstance=tty1\n"}};
    CHECK(links("t@ttyS0.service", units) ==
          Lines{"getty.target.wants/t@ttyS0.service -> t@.service",
                "x-ttyS0-t.service -> t@.service"});
    CHECK(links("t@.service", units).front() == "getty.target.wants/t@tty1.service -> t@.service");
    CHECK_THROWS_WITH(links("u@.service", {{"u@.service", "[Install]\nWantedBy=a.target\n"}}),
                      Contains("a template needs an instance"));
}

TEST_CASE("Also= is followed, once each") {
    CHECK(links("a.service", {{"a.service", "[Install]\nAlso=a.socket\nWantedBy=m.target\n"},
                              {"a.socket", "[Install]\nAlso=a.service\nWantedBy=s.target\n"}}) ==
          Lines{"m.target.wants/a.service -> a.service", "s.target.wants/a.socket -> a.socket"});
}

TEST_CASE("an [Install] section can name nothing but units") {
    for (const char* line :
         {"Also=foo", "Alias=..", "Alias=.", "Alias=a/../b.service", "Also=.service",
          "WantedBy=../../x", "WantedBy=%n/x.target", "Alias=.hidden.service"}) {
        CAPTURE(line);
        CHECK_THROWS_WITH(
            links("a.service", {{"a.service", std::string("[Install]\n") + line + "\n"}}),
            StartsWith("cannot enable unit 'a.service': '") && EndsWith("= is not a unit's name"));
    }
    CHECK_THROWS_WITH(links("foo", {}), "cannot enable unit 'foo': that is not a unit's name");
    CHECK(links("a.service", {{"a.service", "[Install]\nWantedBy=dev-vport0.device\n"}}) ==
          Lines{"dev-vport0.device.wants/a.service -> a.service"});
}

TEST_CASE("units that cannot be enabled are named") {
    CHECK_THROWS_WITH(links("gone.service", {}),
                      "cannot enable unit 'gone.service': the root has no such unit");
    CHECK_THROWS_WITH(
        links("static.service", {{"static.service", "[Service]\nExecStart=/bin/true\n"}}),
        "cannot enable unit 'static.service': it has no [Install] section");
}
