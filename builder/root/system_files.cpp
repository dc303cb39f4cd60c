// SPDX-License-Identifier: Apache-2.0
#include "builder/root/system_files.hpp"

#include <set>
#include <sstream>

namespace quoin {

namespace {

constexpr std::size_t most_name_servers = 3; // resolv.conf(5); further ones are not read

AddedFile text_file(std::string path, const std::string& text) {
    AddedFile file;
    file.path = std::move(path);
    file.content.assign(text.begin(), text.end());
    return file;
}

} // namespace

std::string network_unit(const RecipeNetwork& network) {
    std::string text = "[Match]\nName=" + network.match + "\n\n[Network]\n";
    text += network.dhcp ? "DHCP=yes\n" : "DHCP=no\n";
    for (const std::string& address : network.addresses)
        text += "Address=" + address + "\n";
    if (!network.gateway.empty())
        text += "Gateway=" + network.gateway + "\n";
    for (const std::string& server : network.dns)
        text += "DNS=" + server + "\n";
    return text;
}

std::vector<AddedFile> system_files(const Recipe& recipe) {
    std::vector<AddedFile> files;
    files.push_back(text_file("etc/hostname", recipe.hostname + "\n"));
    // Empty: not part of the image; early userspace lays the node's own over it.
    files.push_back(text_file("etc/machine-id", ""));
    files.back().mode = 0444;
    // systemd sets a clock that is older than this file's time to it.
    files.push_back(text_file("usr/lib/clock-epoch", ""));
    for (const auto& [name, network] : recipe.networks)
        files.push_back(
            text_file("etc/systemd/network/10-" + name + ".network", network_unit(network)));
    return files;
}

std::string resolver_configuration(const Recipe& recipe) {
    std::string text;
    std::set<std::string> servers;
    for (const auto& [name, network] : recipe.networks)
        for (const std::string& server : network.dns)
            if (servers.size() < most_name_servers && servers.insert(server).second)
                text += "nameserver " + server + "\n";
    return text;
}

std::string os_release_of_image(const std::string& text, const Recipe& recipe) {
    std::string result;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        if (!line.starts_with("IMAGE_ID=") && !line.starts_with("IMAGE_VERSION="))
            result += line + "\n";
    if (text.empty())
        result = "ID=linux\nNAME=\"" + recipe.id + "\"\nPRETTY_NAME=\"" + recipe.id + " " +
                 recipe.version + "\"\n";
    // Of what a version may contain, only these two need quotes for a shell.
    const bool quoted = recipe.version.find_first_of("~^") != std::string::npos;
    const std::string quote = quoted ? "\"" : "";
    return result + "IMAGE_ID=" + recipe.id + "\nIMAGE_VERSION=" + quote + recipe.version + quote +
           "\n";
}

} // namespace quoin
