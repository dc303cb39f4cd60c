// SPDX-License-Identifier: Apache-2.0
// The places are docs/ARCHITECTURE.md's, "In the root".
#include "builder/stages/node_root_files.hpp"

#include "builder/node_files.hpp"
#include "builder/own_programs.hpp"

#include <nlohmann/json.hpp>
#include <sstream>

namespace quoin {
namespace {

AddedFile text_file(std::string path, std::string_view content) {
    return {std::move(path), 0644, Bytes(content.begin(), content.end()), ""};
}

std::string image_json(const Recipe& recipe) {
    return nlohmann::json{{"id", recipe.id},
                          {"version", recipe.version},
                          {"architecture", recipe.architecture},
                          {"compatible", recipe.compatible},
                          {"security_epoch", recipe.security_epoch}}
               .dump(2) +
           "\n";
}

void add_trust_anchors(std::vector<AddedFile>& files, const Recipe& recipe,
                       const std::vector<NamedPublicKey>& anchors) {
    const std::string directory = "usr/share/quoin/trust/";
    for (const auto& anchor : anchors)
        files.push_back(text_file(directory + anchor.name + ".pub", anchor.key.pem()));
    files.push_back(text_file(directory + "trust.toml",
                              "required = " + std::to_string(recipe.trust_required) + "\n"));
}

/// A path of the install map, which is absolute, as one relative to the root.
std::string below_root(const std::string& path) {
    return path.substr(path.find_first_not_of('/'));
}

/// What bootloader-hooks/units/install-map lists: "FILE PATH [symlink PATH]..." a line.
void add_units(std::vector<AddedFile>& files) {
    std::istringstream map{std::string(node_file("install-map"))};
    for (std::string text; std::getline(map, text);) {
        std::istringstream words(text);
        std::string file, path, link;
        if (!(words >> file >> path) || file.starts_with('#'))
            continue;
        files.push_back(text_file(below_root(path), node_file(file)));
        for (std::string word; words >> word >> link;)
            files.push_back({below_root(link), 0777, {}, path});
    }
}

} // namespace

std::vector<AddedFile> node_root_files(const Recipe& recipe,
                                       const std::vector<NamedPublicKey>& anchors) {
    std::vector<AddedFile> files;
    if (!recipe.quoin_agent)
        return files;
    files.push_back({"usr/bin/quoin-agent", 0755,
                     read_own_program("quoin-agent", "build the target agent/quoin-agent, or set "
                                                     "system.quoin_agent = false"),
                     ""});
    add_units(files);
    files.push_back(text_file("usr/share/quoin/agent.toml", node_file("agent.toml")));
    files.push_back(text_file("usr/share/quoin/image.json", image_json(recipe)));
    add_trust_anchors(files, recipe, anchors);
    return files;
}

} // namespace quoin
