// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"
#include "builder/build_outputs.hpp"

#include "builder/stages/report.hpp"
#include "builder/stages/uki.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

using namespace quoin;

namespace {

std::vector<std::string> names_in(const std::string& directory) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory))
        names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

} // namespace

TEST_CASE("outputs that are not committed leave neither files nor the directory they made") {
    const TemporaryDirectory parent;
    { const BuildOutputs outputs(parent.path() + "/out", "node_1"); }
    CHECK(names_in(parent.path()).empty());
}

TEST_CASE("a directory that was there stays") {
    const TemporaryDirectory parent;
    { const BuildOutputs outputs(parent.path(), "node_1"); }
    CHECK(exists(parent.path()));
}

TEST_CASE("committed outputs have their names, and nothing else is there") {
    const TemporaryDirectory parent;
    {
        BuildOutputs outputs(parent.path() + "/out", "node_1");
        outputs.commit();
    }
    CHECK(names_in(parent.path() + "/out") ==
          std::vector<std::string>{"node_1.efi", "node_1.json", "node_1.quoin", "node_1.raw"});
}

TEST_CASE("when one output cannot get its name, none has one") {
    const TemporaryDirectory parent;
    std::filesystem::create_directory(parent.path() + "/node_1.efi"); // no file can replace it
    {
        BuildOutputs outputs(parent.path(), "node_1");
        CHECK_THROWS_AS(outputs.commit(), Error);
    }
    CHECK(names_in(parent.path()) == std::vector<std::string>{"node_1.efi"});
}

TEST_CASE("when one output cannot get its name, the files of an earlier build keep theirs") {
    const TemporaryDirectory directory;
    const auto path = [&](const std::string& name) { return directory.path() + "/" + name; };
    for (const char* name : {"node_1.raw", "node_1.quoin", "node_1.efi"})
        replace_file_durably(path(name), bytes_of("earlier"));
    std::filesystem::create_directory(path("node_1.json")); // no file can replace it
    {
        BuildOutputs outputs(directory.path(), "node_1");
        CHECK_THROWS_AS(outputs.commit(), Error);
    }
    CHECK(names_in(directory.path()) ==
          std::vector<std::string>{"node_1.efi", "node_1.json", "node_1.quoin", "node_1.raw"});
    for (const char* name : {"node_1.raw", "node_1.quoin", "node_1.efi"})
        CHECK(read_text(path(name)) == "earlier");
}

TEST_CASE("what a killed build left is removed by the next one, what a living one makes is not") {
    const TemporaryDirectory directory;
    const std::vector<std::string> strangers = {".node-2_1.raw.part-7", ".node_1.raw.part-x",
                                                ".node_1.raw.part-", ".part-7",
                                                "node_1.raw.part-7"};
    for (const auto& name : strangers)
        replace_file_durably(directory.path() + "/" + name, {});
    for (const char* name :
         {".node_1.raw.part-7", ".node_0.efi.part-4000000000", ".node_0.raw.old-7"})
        replace_file_durably(directory.path() + "/" + name, bytes_of("left"));
    std::filesystem::create_symlink("elsewhere", directory.path() + "/.node_1.raw.part-8");
    const PendingFile living(directory.path() + "/node_2.raw");
    { const BuildOutputs outputs(directory.path(), "node_1"); }

    auto expected = strangers;
    expected.emplace_back(".node_1.raw.part-8");
    expected.push_back(std::filesystem::path(living.temporary_path()).filename().string());
    std::sort(expected.begin(), expected.end());
    CHECK(names_in(directory.path()) == expected);
}

TEST_CASE("the report has the fields that others read") {
    BuildReport report;
    report.id = "node";
    report.version = "1.0.0";
    report.architecture = "arm64";
    report.root_hash = "00ff";
    report.outputs = {{"node_1.0.0.raw", 42, "abcd"}};
    const auto json = nlohmann::json::parse(report.json());
    CHECK(json.at("id") == "node");
    CHECK(json.at("version") == "1.0.0");
    CHECK(json.at("architecture") == "arm64");
    CHECK(json.at("root_hash") == "00ff");
    CHECK(json.at("outputs").at(0) ==
          nlohmann::json{{"path", "node_1.0.0.raw"}, {"size", 42}, {"sha256", "abcd"}});
}

TEST_CASE("the kernel command line carries what early userspace needs, then the recipe's words") {
    Recipe recipe;
    recipe.console = "ttyS1";
    recipe.command_line = "mitigations=off";
    const auto root_hash = sha256(bytes_of("root"));
    const auto verity = VerityParameters::derived_from("node");
    const auto line = kernel_command_line(recipe, root_hash, verity, 8192);
    CHECK(line == "roothash=" + root_hash.hex() + " quoin.salt=" + to_hex(verity.salt) +
                      " quoin.blocks=2 ro panic=10 gpt systemd.verity=no systemd.gpt_auto=0"
                      " console=tty0 console=ttyS1 mitigations=off");
}
