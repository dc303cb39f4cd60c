// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/units.hpp"
#include "builder/recipe.hpp"
#include "builder/recipe/checks.hpp"
#include "builder/recipe/reader.hpp"
#include "root_fixture.hpp"
#include "support/catch.hpp"

#include <filesystem>
#include <sstream>

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using namespace quoin;
using namespace quoin::test;

namespace {

const std::string image =
    "[image]\nid = \"node\"\nversion = \"1.0.0\"\narchitecture = \"x86-64\"\n";
const std::string root = "[root]\ntar = \"root.tar\"\n";

/// A directory with a recipe and the files it may name.
struct RecipePlace {
    TemporaryDirectory directory;
    std::string path = directory.path() + "/recipe.toml";

    RecipePlace() {
        for (const char* name : {"root.tar", "own.deb"})
            write_text(directory.path() + "/" + name, "");
        write_text(directory.path() + "/key.pub", SigningKey::generate().public_key().pem());
        std::filesystem::create_directories(directory.path() + "/tree");
        std::filesystem::create_directories(directory.path() + "/layout:odd");
        write_text(directory.path() + "/layout:odd/index.json", "");
    }
    Recipe read(const std::string& text) const {
        write_text(path, text);
        return read_recipe(path);
    }
    /// Messages without the file's name.
    std::vector<std::string> mistakes(const std::string& text) const {
        std::vector<std::string> lines;
        try {
            (void)read(text);
        } catch (const Error& e) {
            CHECK(e.code() == ErrorCode::usage);
            std::string rest = e.what();
            while (!rest.empty()) {
                const std::size_t end = std::min(rest.find('\n'), rest.size());
                REQUIRE(rest.starts_with(path + ":"));
                lines.push_back(rest.substr(path.size() + 1, end - path.size() - 1));
                rest.erase(0, end + 1);
            }
        }
        return lines;
    }
    std::string mistake(const std::string& text) const {
        const auto lines = mistakes(text);
        REQUIRE(lines.size() == 1);
        return lines.front();
    }
};

} // namespace

TEST_CASE("the smallest recipe gets every default") {
    const RecipePlace place;
    const Recipe recipe = place.read(image + root);
    CHECK(recipe.id == "node");
    CHECK(recipe.compatible == "node");
    CHECK(recipe.hostname == "node");
    CHECK(std::get<TarSource>(recipe.source).path == place.directory.path() + "/root.tar");
    CHECK(recipe.block_size == 128 * KiB);
    CHECK(recipe.compression_level == 15);
    CHECK(recipe.persist ==
          std::vector<std::string>{"/var/lib/quoin", "/var/log", "/var/lib/systemd"});
    CHECK(recipe.tries == 3);
    CHECK(recipe.sector_size == 512);
    CHECK(recipe.quoin_agent);
}

TEST_CASE("every key of a recipe is read") {
    const RecipePlace place;
    const Recipe recipe = place.read(R"(
[image]
id = "edge"
version = "2.0~rc1"
architecture = "arm64"
compatible = "edge-v2"
security_epoch = 7
[root]
overlays = ["tree", "root.tar"]
remove = ["/usr/share/doc/*"]
block_size = "1M"
compression_level = 22
[root.debian]
suite = "bookworm"
mirrors = ["http://deb.debian.org/debian"]
components = ["main", "non-free-firmware"]
security = true
packages = ["systemd-sysv", "g++:arm64", "bash=5.2-1"]
local_packages = ["own.deb"]
variant = "apt"
[system]
hostname = "edge.example"
enable = ["ssh.service", "serial-getty@ttyS0.service"]
persist = ["/srv/data", "/var/log"]
quoin_agent = false
[[system.users]]
name = "ops"
uid = 1500
groups = ["sudo"]
password_hash = "$y$j9T$abc"
authorized_keys = ["ssh-ed25519 AAAAC3 ops@desk"]
shell = "/bin/sh"
home = "/srv/ops"
[network.lan]
match = "en*"
addresses = ["192.0.2.7/24"]
gateway = "192.0.2.1"
dns = ["2001:db8::1"]
[network.wan]
[boot]
command_line = "quiet splash"
modules = ["nvme", "virtio_net"]
kernel = "6.1.0-13-arm64"
tries = 9
console = "ttyAMA0,115200"
[disk]
sector_size = 4096
esp_size = "512M"
root_size = 1073741824
data_size = "1G"
[trust]
keys = ["key.pub"]
required = 2
)");
    CHECK(recipe.architecture == "arm64");
    CHECK(recipe.security_epoch == 7);
    const auto& debian = std::get<DebianSource>(recipe.source);
    CHECK(debian.security);
    CHECK(debian.packages.size() == 3);
    CHECK(debian.local_packages.front() == place.directory.path() + "/own.deb");
    CHECK(debian.variant == "apt");
    CHECK(recipe.overlays.size() == 2);
    CHECK(recipe.block_size == MiB);
    REQUIRE(recipe.users.size() == 1);
    CHECK(recipe.users[0].uid == 1500U);
    CHECK(recipe.users[0].home == "/srv/ops");
    CHECK(recipe.persist.size() == 4); // /var/log is there anyway
    CHECK_FALSE(recipe.quoin_agent);
    CHECK_FALSE(recipe.networks.at("lan").dhcp);
    CHECK(recipe.networks.at("wan").dhcp);
    CHECK(recipe.networks.at("wan").match == "wan");
    CHECK(recipe.tries == 9);
    CHECK(recipe.sector_size == 4096);
    CHECK(recipe.root_size == GiB);
    CHECK(recipe.trust_required == 2);
    REQUIRE(recipe.trust_keys.size() == 1);
    CHECK(recipe.trust_keys.front().name == "key");
}

TEST_CASE("every mistake is reported at once, in the order of the file") {
    const RecipePlace place;
    const auto lines = place.mistakes("[image]\n"
                                      "id = \"Node\"\n"
                                      "versoin = \"1\"\n"
                                      "architecture = \"mips\"\n"
                                      "\n"
                                      "[root]\n"
                                      "tar = \"gone.tar\"\n"
                                      "block_size = 5000\n"
                                      "[boot]\n"
                                      "tries = 0\n"
                                      "modules = \"nvme\"\n");
    REQUIRE(lines.size() == 8);
    CHECK_THAT(lines[0], StartsWith("1:1: missing key 'version' in [image], expected"));
    CHECK_THAT(lines[1], StartsWith("2:6: 'Node' in 'id' is not valid, expected at most 12"));
    CHECK(lines[2] == "3:1: unknown key 'versoin' in [image], did you mean 'version'?");
    CHECK(lines[3] ==
          "4:16: 'mips' in 'architecture' is not valid, expected \"x86-64\" or \"arm64\"");
    CHECK_THAT(lines[4], StartsWith("7:7: 'gone.tar' does not exist, expected a file"));
    CHECK(lines[5] == "8:14: 'block_size' is 5000, expected a power of two from 4K to 1M");
    CHECK(lines[6] == "10:9: 'tries' is 0, expected 1 to 9");
    CHECK(lines[7] == "11:11: 'modules' is a string, expected an array of strings");
}

TEST_CASE("TOML that cannot be parsed is reported with its place") {
    const RecipePlace place;
    CHECK_THAT(place.mistake("[image]\nid = \n"), StartsWith("2:"));
    CHECK_THAT(place.mistake(image + root + "[image]\n"), StartsWith("7:"));
    CHECK_THAT(place.mistake("[,image]\n"), StartsWith("1:2: "));
}

TEST_CASE("exactly one source is wanted") {
    const RecipePlace place;
    CHECK_THAT(place.mistake(image + "[root]\n"), Contains("5:1: no source in [root]"));
    CHECK_THAT(place.mistake(image + "[root]\ntar = \"root.tar\"\ndirectory = \"tree\"\n"),
               Contains("several sources"));
    CHECK_THAT(place.mistake(image), Contains("missing key 'root'"));
    CHECK_THAT(place.mistake(image + "[root]\ntar = \"tree\"\n"),
               Contains("expected a tar archive"));
    CHECK_THAT(place.mistake(image + "[root]\n[root.debian]\n"), Contains("missing key 'suite'"));
}

TEST_CASE("an OCI layout is told from its tag at the last colon") {
    const RecipePlace place;
    const auto source = [&](const std::string& text) {
        return std::get<OciSource>(place.read(image + "[root]\noci = \"" + text + "\"\n").source);
    };
    CHECK(source("layout:odd:v1").tag == "v1");
    CHECK(source("layout:odd:v1").layout == place.directory.path() + "/layout:odd");
    CHECK(source("./layout:odd/").tag.empty());
    CHECK_THAT(place.mistake(image + "[root]\noci = \"tree:v1\"\n"), Contains("index.json"));
}

TEST_CASE("values that would be dangerous are refused") {
    const RecipePlace place;
    const auto one = [&](const std::string& more) { return place.mistake(image + root + more); };
    CHECK_THAT(one("[system]\npersist = [\"/var/../etc\"]\n"), Contains("8:12: '/var/../etc'"));
    CHECK_THAT(one("[system]\npersist = [\"relative\"]\n"), Contains("'relative'"));
    CHECK_THAT(one("[system]\nhostname = \"-x\"\n"), Contains("'-x'"));
    CHECK_THAT(one("[system]\nenable = [\"../evil.service\"]\n"), Contains("evil"));
    CHECK_THAT(one("[system]\nenable = [\"ssh\"]\n"), Contains("such as \"ssh.service\""));
    CHECK_THAT(one("[boot]\ncommand_line = \"quiet roothash=00\"\n"),
               Contains("'roothash=00' in 'command_line' is set by Quoin"));
    CHECK_THAT(one("[disk]\nsector_size = 2048\n"), Contains("expected 512 or 4096"));
    CHECK_THAT(one("[disk]\nroot_size = \"1.5G\"\n"), Contains("expected a size"));
    CHECK_THAT(one("[disk]\nroot_size = -1\n"), Contains("not positive"));
    CHECK_THAT(one("[[system.users]]\nname = \"a\"\npassword_hash = \"secret\"\n"),
               Contains("mkpasswd"));
    CHECK_THAT(one("[[system.users]]\nname = \"a\"\n[[system.users]]\nname = \"a\"\n"),
               Contains("user 'a' again"));
    CHECK_THAT(one("[network.lan]\naddresses = [\"10.0.0.1/33\"]\n"), Contains("10.0.0.1/33"));
    CHECK_THAT(one("[network.\"../x\"]\n"), Contains("is no name for a network"));
    CHECK_THAT(one("[trust]\nrequired = 0\n"), Contains("8:12: 'required' is 0, expected 1 to"));
    CHECK_THAT(one("[trust]\nkeys = [\"root.tar\"]\n"),
               StartsWith("8:9: ") && Contains("root.tar"));
    CHECK_THAT(one("[frobnicate]\n"), Contains("expected one of boot, disk, image"));
}

TEST_CASE("the command line can say nothing of what Quoin says in it") {
    const RecipePlace place;
    const auto line = [&](const std::string& text) {
        return place.mistake(image + root + "[boot]\ncommand_line = '''" + text + "'''\n");
    };
    for (const char* text :
         {"quiet\troothash=00", "\"init=/bin/sh\"", "quiet \"rdinit=/x y\"", "root=/dev/sda",
          "panic=0", "rw", "gpt", "ro", "initrd=\\x", "quoin.blocks=1", "in\"\"it=/x",
          "systemd.gpt-auto=1", "systemd.verity=yes", "\"", "quiet \"splash", "caf\u00e9"}) {
        CAPTURE(text);
        CHECK_THAT(line(text), StartsWith("8:16: '"));
    }
    for (const char* text : {"quiet splash", "dyndbg=\"file a.c +p\"", "panic_on_oops=1",
                             "systemd.unit=rescue.target", "rootwait", "console=ttyS1"}) {
        CAPTURE(text);
        const auto recipe =
            place.read(image + root + "[boot]\ncommand_line = '''" + text + "'''\n");
        CHECK(recipe.command_line == text);
    }
}

TEST_CASE("a mistake that only a later stage can see has its place too") {
    const RecipePlace place;
    const Recipe recipe = place.read(image + root +
                                     "[boot]\n"
                                     "modules = [\"nvme\", \"nonesuch\"]\n"
                                     "[disk]\n"
                                     "root_size = \"64M\"\n"
                                     "[system]\n"
                                     "enable = [\"gone.service\"]\n"
                                     "[[system.users]]\n"
                                     "name = \"ann\"\n"
                                     "uid = 7\n"
                                     "groups = [\"docker\"]\n");
    const auto mistake = [&](const std::string& key, const std::string& value) {
        const std::string text = recipe.places.mistake(key, value, "wrong").what();
        REQUIRE_THAT(text, StartsWith(place.path + ":"));
        return text.substr(place.path.size() + 1);
    };
    CHECK(mistake("boot.modules", "nonesuch") == "8:20: wrong");
    CHECK(mistake("disk.root_size", "") == "10:13: wrong");
    CHECK(mistake("system.enable", "gone.service") == "12:11: wrong");
    CHECK(mistake("system.users.ann", "") == "13:1: wrong");
    CHECK(mistake("system.users.ann.uid", "") == "15:7: wrong");
    CHECK(mistake("system.users.ann.groups", "docker") == "16:11: wrong");
    CHECK(std::string(recipe.places.mistake("boot.kernel", "", "wrong").what()) == "wrong");
}

TEST_CASE("control characters of a recipe do not reach the terminal") {
    const RecipePlace place;
    const std::string line = place.mistake(image + root + "[system]\nhostname = \"\\u001b[31m\"\n");
    CHECK(line.find('\x1b') == std::string::npos);
}

TEST_CASE("the manual page has every key") {
    const RecipePlace place;
    const std::string manual = read_text(QUOIN_RECIPE_MANUAL);
    const std::string debian = image + "[root.debian]\nsuite = \"bookworm\"\nqqqqqqqqqqqqq = 1\n";
    const std::string user = "[[system.users]]\nname = \"a\"\n";
    for (const std::string& text :
         {image + "qqqqqqqqqqqqq = 1\n" + root, image + root + "qqqqqqqqqqqqq = 1\n", debian,
          image + root + "[system]\nqqqqqqqqqqqqq = 1\n",
          image + root + user + "qqqqqqqqqqqqq = 1\n",
          image + root + "[network.lan]\nqqqqqqqqqqqqq = 1\n",
          image + root + "[boot]\nqqqqqqqqqqqqq = 1\n",
          image + root + "[disk]\nqqqqqqqqqqqqq = 1\n",
          image + root + "[trust]\nqqqqqqqqqqqqq = 1\n"}) {
        const std::string line = place.mistake(text);
        const std::string before_list = "expected one of ";
        const std::size_t list = line.find(before_list);
        REQUIRE(list != std::string::npos);
        std::istringstream keys(line.substr(list + before_list.size()));
        for (std::string key; keys >> key;) {
            key = key.substr(0, key.find(','));
            CAPTURE(key);
            const bool is_table = key == "debian" || key == "users";
            CHECK_THAT(manual, Contains(is_table ? key + "]" : ".It Ic " + key + "\n"));
        }
    }
}

TEST_CASE("a misspelt word is matched with the nearest known one") {
    CHECK(nearest_word("overlay", {"overlays", "oci"}) == "overlays");
    CHECK_FALSE(nearest_word("zzz", {"overlays", "oci"}));
}
