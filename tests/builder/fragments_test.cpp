// SPDX-License-Identifier: Apache-2.0
// Recipes of several files and of `--set`.
#include "base/error.hpp"
#include "base/file.hpp"
#include "builder/recipe.hpp"
#include "root_fixture.hpp"
#include "support/catch.hpp"

#include <filesystem>

using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;
using namespace quoin;
using namespace quoin::test;

namespace {

const std::string image =
    "[image]\nid = \"node\"\nversion = \"1.0.0\"\narchitecture = \"x86-64\"\n";

/// A directory of recipes; the one that is read is "main.toml".
struct RecipeFiles {
    TemporaryDirectory directory;

    RecipeFiles() {
        write("root.tar", "");
        std::filesystem::create_directories(directory.path() + "/parts");
    }
    void write(const std::string& name, const std::string& text) const {
        write_text(directory.path() + "/" + name, text);
    }
    [[nodiscard]] Recipe read(const std::vector<std::string>& settings = {}) const {
        return read_recipe(directory.path() + "/main.toml", settings);
    }
    /// The messages, without the directory's name.
    [[nodiscard]] std::string mistakes(const std::vector<std::string>& settings = {}) const {
        try {
            (void)read(settings);
        } catch (const Error& e) {
            CHECK(e.code() == ErrorCode::usage);
            std::string text = e.what();
            const std::string prefix = directory.path() + "/";
            for (std::size_t at = text.find(prefix); at != text.npos; at = text.find(prefix))
                text.erase(at, prefix.size());
            return text;
        }
        return "read";
    }
};

} // namespace

TEST_CASE("a recipe wins over what it includes, key by key, and later files over earlier ones") {
    const RecipeFiles files;
    files.write("parts/a.toml", image + "[root]\ntar = \"../root.tar\"\nremove = [\"/a\", \"/b\"]\n"
                                        "[boot]\ntries = 5\nconsole = \"ttyS1\"\n"
                                        "[network.lan]\ngateway = \"192.0.2.1\"\n");
    files.write("parts/b.toml", "[boot]\ntries = 6\ncommand_line = \"quiet\"\n");
    files.write("main.toml", "include = [\"parts/a.toml\", \"parts/b.toml\"]\n"
                             "[image]\nversion = \"2.0.0\"\n[root]\nremove = [\"/c\"]\n"
                             "[network.lan]\ndns = [\"192.0.2.2\"]\n");
    const Recipe recipe = files.read();
    CHECK(recipe.id == "node");
    CHECK(recipe.version == "2.0.0");
    CHECK(recipe.remove == std::vector<std::string>{"/c"}); // arrays are replaced
    CHECK(recipe.tries == 6);
    CHECK(recipe.console == "ttyS1");
    CHECK(recipe.command_line == "quiet");
    CHECK(recipe.networks.at("lan").gateway == "192.0.2.1");
    CHECK(recipe.networks.at("lan").dns.size() == 1);
    // Relative to the file that says it.
    CHECK(std::get<TarSource>(recipe.source).path == files.directory.path() + "/root.tar");
    CHECK(recipe.path == files.directory.path() + "/main.toml");
}

TEST_CASE("mistakes are reported in the file that makes them") {
    const RecipeFiles files;
    files.write("parts/a.toml", "\n[root]\n  tar = \"gone.tar\"\nblock_sise = 1\n");
    files.write("main.toml", "include = [\"parts/a.toml\"]\n" + image +
                                 "compatible = \"\"\n"
                                 "[boot]\ntries = 0\n");
    const std::string text = files.mistakes();
    CHECK_THAT(text, Contains("main.toml:6:14: '' in 'compatible'"));
    CHECK_THAT(text, Contains("main.toml:8:9: 'tries' is 0"));
    CHECK_THAT(text, Contains("parts/a.toml:3:9: 'gone.tar' does not exist, expected a file or "
                              "directory relative to this file"));
    CHECK_THAT(text, Contains("parts/a.toml:4:1: unknown key 'block_sise' in [root], did you mean "
                              "'block_size'?"));
    files.write("parts/a.toml", "[root\n");
    CHECK_THAT(files.mistakes(), StartsWith("parts/a.toml:1:6: "));
}

TEST_CASE("files that include each other are refused") {
    const RecipeFiles files;
    files.write("main.toml", "include = [\"parts/a.toml\"]\n" + image);
    files.write("parts/a.toml", "include = [\"../main.toml\"]\n[root]\ntar = \"../root.tar\"\n");
    CHECK(files.mistakes() == "parts/a.toml:1:12: '../main.toml' in 'include' includes this file, "
                              "expected no circle");
    files.write("parts/a.toml", "include = [\"a.toml\"]\n[root]\ntar = \"../root.tar\"\n");
    CHECK_THAT(files.mistakes(), Contains("expected no circle"));
}

TEST_CASE("one file may be included from two sides") {
    const RecipeFiles files;
    files.write("parts/base.toml", image + "[root]\ntar = \"../root.tar\"\n");
    files.write("parts/a.toml", "include = [\"base.toml\"]\n[boot]\ntries = 5\n");
    files.write("main.toml", "include = [\"parts/a.toml\", \"parts/base.toml\"]\n");
    CHECK(files.read().tries == 5);
}

TEST_CASE("more files than anybody means are refused") {
    const RecipeFiles files;
    files.write("main.toml",
                "include = [\"f1.toml\", \"f1.toml\"]\n" + image + "[root]\ntar = \"root.tar\"\n");
    for (int i = 1; i < 30; ++i)
        files.write("f" + std::to_string(i) + ".toml", "include = [\"f" + std::to_string(i + 1) +
                                                           ".toml\", \"f" + std::to_string(i + 1) +
                                                           ".toml\"]\n");
    files.write("f30.toml", "");
    CHECK_THAT(files.mistakes(), Contains("expected at most 100"));
}

TEST_CASE("what cannot be included is named") {
    const RecipeFiles files;
    for (const char* name : {"gone.toml", "parts", ""}) {
        files.write("main.toml", std::string("include = [\"") + name + "\"]\n" + image +
                                     "[root]\ntar = \"root.tar\"\n");
        CHECK_THAT(files.mistakes(), StartsWith("main.toml:1:12: "));
    }
    files.write("main.toml", "include = \"parts\"\n" + image + "[root]\ntar = \"root.tar\"\n");
    CHECK_THAT(files.mistakes(), Contains("main.toml:1:11: 'include' is a string"));
}

TEST_CASE("settings win over files, the last one most") {
    const RecipeFiles files;
    files.write("main.toml", image + "[root]\ntar = \"root.tar\"\nremove = [\"/a\"]\n");
    const Recipe recipe = files.read({"image.version=1.4.2", "boot.tries=5", "boot.tries = 6",
                                      "root.remove=[\"/b\", \"/c\"]", "system.quoin_agent=false",
                                      "boot.command_line=a=b \"c d\"", "disk.esp_size=512M"});
    CHECK(recipe.version == "1.4.2");
    CHECK(recipe.tries == 6);
    CHECK(recipe.remove == std::vector<std::string>{"/b", "/c"});
    CHECK_FALSE(recipe.quoin_agent);
    CHECK(recipe.command_line == "a=b \"c d\"");
    CHECK(recipe.esp_size == 512U << 20U);
}

TEST_CASE("a setting that looks like a number is a string where one is wanted") {
    const RecipeFiles files;
    files.write("main.toml", image + "[root]\ntar = \"root.tar\"\n");
    CHECK(files.read({"image.version=2"}).version == "2");
    CHECK(files.read({"image.version=1.10"}).version == "1.10");
    CHECK(files.read({"image.version=\"1.10\""}).version == "1.10");
    CHECK(files.mistakes({"image={version=2}"}) ==
          "--set image: 'version' is an integer, expected a string");
}

TEST_CASE("a mistake in a setting names the option") {
    const RecipeFiles files;
    files.write("main.toml", image + "[root]\ntar = \"root.tar\"\n");
    CHECK(files.mistakes({"boot.tries=ten"}) ==
          "--set boot.tries: 'tries' is a string, expected an integer");
    CHECK_THAT(files.mistakes({"boot.trys=3"}), StartsWith("--set boot.trys: unknown key 'trys'"));
    CHECK_THAT(files.mistakes({"root.tar=no such file"}),
               EndsWith("expected a file or directory relative to the working directory"));
    for (const char* bad : {"boot.tries", "=3", "a b=3", "", "a\nb=3", "image.version=1\n2"})
        CHECK_THAT(files.mistakes({bad}), Contains("--set"));
    CHECK_THAT(files.mistakes({"include=[\"x\"]"}), Contains("--set include"));
}

TEST_CASE("every example can be read") {
    const RecipeFiles files; // with what the smallest ones expect beside them
    std::filesystem::create_directories(files.directory.path() + "/tree");
    std::filesystem::create_directories(files.directory.path() + "/layout");
    files.write("layout/index.json", "");
    std::filesystem::copy(QUOIN_EXAMPLES, files.directory.path(),
                          std::filesystem::copy_options::recursive);
    unsigned recipes = 0;
    for (const auto& entry : std::filesystem::directory_iterator(QUOIN_EXAMPLES)) {
        const auto name = entry.path().filename().string();
        if (!name.ends_with(".toml") || name == "agent.toml")
            continue;
        CAPTURE(name);
        CHECK_NOTHROW(read_recipe(files.directory.path() + "/" + name));
        ++recipes;
    }
    CHECK(recipes >= 8);
    const Recipe update = read_recipe(files.directory.path() + "/node-3.toml");
    CHECK(update.id == "example-node");
    CHECK(std::get<DebianSource>(update.source).security);
    CHECK(update.overlays.size() == 3);
}
