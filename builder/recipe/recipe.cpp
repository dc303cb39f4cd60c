// SPDX-License-Identifier: Apache-2.0
// The recipe as a whole and its short sections; [root], [system] and [network] have files of their
// own. The manual page quoin-recipe(5) lists every key.
#include "builder/recipe.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/terminal.hpp"
#include "base/units.hpp"
#include "builder/recipe/checks.hpp"
#include "builder/recipe/fragments.hpp"
#include "builder/recipe/sections.hpp"
#include "crypto/trust.hpp"
#include "disk/version_order.hpp"

#include <algorithm>
#include <filesystem>

namespace quoin {

namespace {

constexpr std::size_t longest_command_line = 1024; // the kernel's limit is 2048 with ours

void require(RecipeTable& table, const char* key, const char* expected) {
    if (!table.has(key))
        table.mistake(table.where(), std::string("missing key '") + key + "' in " + table.name() +
                                         ", expected " + expected);
}

void read_image_section(const toml::table& toml, const RecipeContext& context) {
    RecipeTable table(toml, "[image]", context.mistakes);
    Recipe& recipe = context.recipe;
    const char* const id = "at most 12 of a-z, 0-9 and '-', a letter first";
    const char* const version = "at most 16 of A-Z, a-z, 0-9, '.', '~', '^' and '-', a letter or "
                                "digit first";
    const char* const architecture = "\"x86-64\" or \"arm64\"";
    require(table, "id", id);
    require(table, "version", version);
    require(table, "architecture", architecture);
    checked_text(table, "id", id, is_valid_image_id, recipe.id);
    checked_text(table, "version", version, is_valid_version, recipe.version);
    checked_text(
        table, "architecture", architecture,
        [](const std::string& name) { return name == "x86-64" || name == "arm64"; },
        recipe.architecture);
    recipe.compatible = recipe.id;
    checked_text(table, "compatible", "letters, digits, '.', '_' and '-'", is_plain_name,
                 recipe.compatible);
    if (const auto epoch =
            table.integer("security_epoch", 0, std::numeric_limits<std::int64_t>::max()))
        recipe.security_epoch = static_cast<std::uint64_t>(epoch->value);
    recipe.time = table.time("time");
    table.finish();
}

void check_command_line(RecipeTable& table, const Placed<std::string>& line) {
    if (const auto word = reserved_word_in(line.value))
        table.mistake(line.where, "'" + printable(*word) +
                                      "' in 'command_line' is set by Quoin, expected other words");
    else if (!is_command_line(line.value))
        table.mistake(line.where, "'command_line' has control characters, letters beyond ASCII or "
                                  "a double quote without its other half, expected plain words");
    else if (line.value.size() > longest_command_line)
        table.mistake(line.where, "'command_line' is too long, expected at most " +
                                      std::to_string(longest_command_line) + " characters");
}

void read_boot_section(const toml::table& toml, const RecipeContext& context) {
    RecipeTable table(toml, "[boot]", context.mistakes);
    Recipe& recipe = context.recipe;
    if (const auto line = table.text("command_line")) {
        check_command_line(table, *line);
        recipe.command_line = line->value;
    }
    context.remember("boot.modules", table.texts("modules"));
    recipe.modules = checked_texts(table, "modules", "the name of a kernel module", is_plain_name);
    checked_text(
        table, "kernel", "a kernel release such as \"6.1.0-13-amd64\"",
        [](const auto& text) {
            return !text.empty() && text.find_first_of("/ ") == std::string::npos && text[0] != '.';
        },
        recipe.kernel);
    if (table.has("kernel"))
        context.remember("boot.kernel", "", table.where("kernel"));
    if (const auto tries = table.integer("tries", 1, 9))
        recipe.tries = static_cast<unsigned>(tries->value);
    checked_text(
        table, "console", "a console such as \"ttyS0\" or \"ttyS0,115200\"",
        [](const std::string& text) {
            return std::ranges::all_of(text, [](char c) {
                return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == ',';
            });
        },
        recipe.console);
    table.finish();
}

void read_disk_section(const toml::table& toml, const RecipeContext& context) {
    RecipeTable table(toml, "[disk]", context.mistakes);
    Recipe& recipe = context.recipe;
    if (const auto size = table.size("sector_size")) {
        if (size->value == 512 || size->value == 4096)
            recipe.sector_size = static_cast<unsigned>(size->value);
        else
            table.mistake(size->where, "'sector_size' is " + std::to_string(size->value) +
                                           ", expected 512 or 4096");
    }
    const auto partition_size = [&](const char* key, std::uint64_t& target) {
        const auto size = table.size(key);
        if (size && size->value % MiB != 0)
            table.mistake(size->where, std::string("'") + key + "' is " +
                                           std::to_string(size->value) +
                                           " bytes, expected whole MiB");
        else if (size)
            target = size->value;
        if (size)
            context.remember(std::string("disk.") + key, "", size->where);
    };
    partition_size("esp_size", recipe.esp_size);
    partition_size("root_size", recipe.root_size);
    partition_size("data_size", recipe.data_size);
    table.finish();
}

void read_trust_section(const toml::table& toml, const RecipeContext& context) {
    RecipeTable table(toml, "[trust]", context.mistakes);
    for (const auto& file : table.texts("keys")) {
        const std::string path = context.existing_path(file);
        const std::string name = std::filesystem::path(path).stem().string();
        context.remember("trust.keys", name, file.where);
        try {
            if (exists(path))
                context.recipe.trust_keys.push_back({name, PublicKey::read(path)});
        } catch (const Error& e) {
            table.mistake(file.where, e.what());
        }
    }
    // How many there are besides, only the directory of --keys can tell: see trust_anchors().
    if (const auto required = table.integer("required", 1, most_required_signatures)) {
        context.recipe.trust_required = static_cast<unsigned>(required->value);
        context.remember("trust.required", "", required->where);
    }
    table.finish();
}

} // namespace

std::string RecipeContext::existing_path(const Placed<std::string>& path) const {
    const bool typed = path.where.path && path.where.path->starts_with(setting_place);
    const std::string from = typed || !path.where.path ? "." : parent_of(*path.where.path);
    const auto absolute =
        (std::filesystem::absolute(from) / path.value).lexically_normal().string();
    if (path.value.empty())
        mistakes.add(path.where, "an empty path, expected a file or directory");
    else if (!exists(absolute))
        mistakes.add(path.where, "'" + printable(path.value) +
                                     "' does not exist, expected a file or directory relative to " +
                                     (typed ? "the working directory" : "this file"));
    return absolute;
}

Recipe read_recipe(const std::string& path, const std::vector<std::string>& settings) {
    RecipeMistakes mistakes(path);
    const toml::table merged = merged_recipe(path, settings, mistakes);
    Recipe recipe;
    recipe.path = std::filesystem::absolute(path).lexically_normal().string();
    recipe.persist = {"/var/lib/quoin", "/var/log", "/var/lib/systemd"};

    RecipeTable table(merged, "the recipe", mistakes);
    (void)table.texts("include"); // done; here so that it counts among the known keys
    const RecipeContext context{recipe, mistakes};
    require(table, "image", "a table [image]");
    require(table, "root", "a table [root]");
    const auto section = [&](const char* key, auto&& read) {
        if (const toml::table* found = table.table(key))
            read(*found, context);
    };
    section("image", read_image_section);
    recipe.hostname = recipe.id;
    section("root", read_root_section);
    section("system", read_system_section);
    section("network", read_network_section);
    section("boot", read_boot_section);
    section("disk", read_disk_section);
    section("trust", read_trust_section);
    table.finish();
    mistakes.throw_any();
    return recipe;
}

} // namespace quoin
