// SPDX-License-Identifier: Apache-2.0
// [system], [[system.users]] and [network.NAME].
#include "builder/recipe/checks.hpp"
#include "builder/recipe/sections.hpp"

#include "base/terminal.hpp"

#include <algorithm>

namespace quoin {

namespace {

constexpr std::int64_t largest_uid = 0xfffffffe; // the last one means "none" to chown(2)

RecipeUser read_user(const toml::table& toml, const RecipeContext& context) {
    RecipeTable table(toml, "[[system.users]]", context.mistakes);
    RecipeUser user;
    const char* const name = "at most 32 of a-z, 0-9, '_' and '-', a letter or '_' first";
    if (!table.has("name"))
        table.mistake(table.where(),
                      std::string("missing key 'name' in [[system.users]], expected ") + name);
    checked_text(table, "name", name, is_account_name, user.name);
    const std::string place = "system.users." + user.name;
    context.remember(place, "", table.where());
    if (const auto uid = table.integer("uid", 0, largest_uid)) {
        user.uid = static_cast<std::uint32_t>(uid->value);
        context.remember(place + ".uid", "", uid->where);
    }
    context.remember(place + ".groups", table.texts("groups"));
    user.groups = checked_texts(table, "groups", "the name of a group", is_account_name);
    checked_text(table, "password_hash",
                 "a crypt(5) hash such as mkpasswd(1) prints, \"$y$…\"; without the key the "
                 "password is locked",
                 is_password_hash, user.password_hash);
    user.authorized_keys =
        checked_texts(table, "authorized_keys", "an SSH public key such as \"ssh-ed25519 AAAA…\"",
                      is_ssh_public_key);
    const char* const path = "an absolute path without '.', '..' or ':'";
    const auto is_passwd_path = [](const std::string& text) {
        return is_clean_absolute_path(text) && text.find(':') == std::string::npos;
    };
    checked_text(table, "shell", path, is_passwd_path, user.shell);
    checked_text(table, "home", path, is_passwd_path, user.home);
    table.finish();
    return user;
}

} // namespace

void read_system_section(const toml::table& toml, const RecipeContext& context) {
    RecipeTable table(toml, "[system]", context.mistakes);
    Recipe& recipe = context.recipe;
    checked_text(table, "hostname", "a host name of at most 64 letters, digits, '-' and '.'",
                 is_host_name, recipe.hostname);
    for (const toml::table* user : table.tables("users")) {
        RecipeUser read = read_user(*user, context);
        const bool known =
            std::any_of(recipe.users.begin(), recipe.users.end(),
                        [&](const RecipeUser& other) { return other.name == read.name; });
        if (known && !read.name.empty())
            table.mistake(user->source(),
                          "user '" + read.name + "' again, expected each name once");
        recipe.users.push_back(std::move(read));
    }
    context.remember("system.enable", table.texts("enable"));
    recipe.enable = checked_texts(table, "enable", "a unit such as \"ssh.service\"", is_unit_name);
    for (const std::string& directory : checked_texts(
             table, "persist", "an absolute directory without '.' or '..'", is_clean_absolute_path))
        if (std::find(recipe.persist.begin(), recipe.persist.end(), directory) ==
            recipe.persist.end())
            recipe.persist.push_back(directory);
    recipe.quoin_agent = table.boolean("quoin_agent").value_or(true);
    table.finish();
}

void read_network_section(const toml::table& toml, const RecipeContext& context) {
    for (const auto& [key, node] : toml) {
        const std::string name(key.str());
        if (!is_plain_name(name))
            context.mistakes.add(key.source(), "'" + printable(name) +
                                                   "' is no name for a network, expected letters, "
                                                   "digits, '.', '_' and '-'");
        if (!node.is_table()) {
            context.mistakes.add(node.source(), "'" + printable(name) +
                                                    "' in [network] is not a table, expected "
                                                    "[network.NAME]");
            continue;
        }
        RecipeTable table(*node.as_table(), "[network." + printable(name) + "]", context.mistakes);
        RecipeNetwork network;
        network.match = name;
        checked_text(
            table, "match", "an interface name or pattern such as \"en*\"",
            [](const std::string& text) {
                return !text.empty() && text.find_first_of("/ =[") == std::string::npos;
            },
            network.match);
        network.addresses =
            checked_texts(table, "addresses", "an address with its prefix such as \"192.0.2.7/24\"",
                          is_ip_address_with_prefix);
        // Static addresses usually mean that nobody is to ask for others.
        network.dhcp = table.boolean("dhcp").value_or(network.addresses.empty());
        checked_text(table, "gateway", "an IP address", is_ip_address, network.gateway);
        network.dns = checked_texts(table, "dns", "an IP address", is_ip_address);
        table.finish();
        context.recipe.networks[name] = std::move(network);
    }
}

} // namespace quoin
