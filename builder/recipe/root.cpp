// SPDX-License-Identifier: Apache-2.0
// [root] and [root.debian].
#include "base/terminal.hpp"
#include "base/units.hpp"
#include "builder/recipe/checks.hpp"
#include "builder/recipe/sections.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <filesystem>

namespace quoin {

namespace {

constexpr std::array<const char*, 4> source_keys{"tar", "directory", "oci", "debian"};

bool is_mirror(const std::string& text) {
    constexpr std::array<std::string_view, 7> starts{
        "http://", "https://", "file:", "copy:", "mirror+", "tor+", "deb "};
    return std::any_of(starts.begin(), starts.end(),
                       [&](std::string_view start) { return text.starts_with(start); });
}

bool is_variant(const std::string& text) {
    constexpr std::array<std::string_view, 8> variants{"essential", "apt",       "minbase",
                                                       "buildd",    "important", "debootstrap",
                                                       "required",  "standard"};
    return std::find(variants.begin(), variants.end(), text) != variants.end();
}

DebianSource read_debian_table(const toml::table& toml, const RecipeContext& context) {
    RecipeTable table(toml, "[root.debian]", context.mistakes);
    DebianSource source;
    if (!table.has("suite"))
        table.mistake(
            table.where(),
            "missing key 'suite' in [root.debian], expected a suite such as \"bookworm\"");
    checked_text(table, "suite", "a suite such as \"bookworm\"", is_plain_name, source.suite);
    source.mirrors = checked_texts(table, "mirrors", "a URI or a whole \"deb …\" line", is_mirror);
    source.components =
        checked_texts(table, "components", "a component such as \"main\"", is_plain_name);
    source.security = table.boolean("security").value_or(false);
    source.packages = checked_texts(table, "packages", "the name of a package", is_package_name);
    for (const auto& package : table.texts("local_packages")) {
        if (!package.value.ends_with(".deb") || package.value.find(',') != std::string::npos)
            table.mistake(package.where, "'" + printable(package.value) +
                                             "' in 'local_packages' is not valid, expected the "
                                             "path of a .deb file");
        else
            source.local_packages.push_back(context.existing_path(package));
    }
    checked_text(table, "variant",
                 "a variant of mmdebstrap: essential, apt, required, minbase, buildd, important, "
                 "debootstrap or standard",
                 is_variant, source.variant);
    table.finish();
    return source;
}

/// "layout:tag"; without a ':' behind the last '/' there is no tag.
OciSource oci_source(const Placed<std::string>& text, const RecipeContext& context) {
    const std::size_t colon = text.value.rfind(':');
    const std::size_t slash = text.value.rfind('/');
    const bool tagged = colon != std::string::npos && (slash == std::string::npos || slash < colon);
    OciSource source;
    source.layout = context.existing_path(
        {text.value.substr(0, tagged ? colon : text.value.size()), text.where});
    source.tag = tagged ? text.value.substr(colon + 1) : "";
    if (std::filesystem::is_directory(source.layout) &&
        !std::filesystem::exists(source.layout + "/index.json"))
        context.mistakes.add(text.where,
                             "'" + printable(text.value) +
                                 "' has no index.json, expected a directory with an OCI "
                                 "image layout, and a tag: \"layout:tag\"");
    return source;
}

std::string path_of_kind(const Placed<std::string>& text, const RecipeContext& context,
                         bool directory) {
    const std::string path = context.existing_path(text);
    if (std::filesystem::exists(path) && std::filesystem::is_directory(path) != directory)
        context.mistakes.add(text.where, "'" + printable(text.value) + "' is " +
                                             (directory ? "not a directory, expected one"
                                                        : "a directory, expected a tar archive"));
    return path;
}

void read_source(RecipeTable& table, const RecipeContext& context) {
    const auto given = std::count_if(source_keys.begin(), source_keys.end(),
                                     [&](const char* key) { return table.has(key); });
    if (given != 1)
        table.mistake(table.where(),
                      std::string(given == 0 ? "no source" : "several sources") +
                          " in [root], expected exactly one of 'tar', 'directory', 'oci' and "
                          "[root.debian]");
    RootSource& source = context.recipe.source;
    if (const auto tar = table.text("tar"))
        source = TarSource{path_of_kind(*tar, context, false)};
    if (const auto directory = table.text("directory"))
        source = DirectorySource{path_of_kind(*directory, context, true)};
    if (const auto oci = table.text("oci"))
        source = oci_source(*oci, context);
    if (const toml::table* debian = table.table("debian"))
        source = read_debian_table(*debian, context);
}

} // namespace

void read_root_section(const toml::table& toml, const RecipeContext& context) {
    RecipeTable table(toml, "[root]", context.mistakes);
    Recipe& recipe = context.recipe;
    read_source(table, context);
    for (const auto& overlay : table.texts("overlays"))
        recipe.overlays.push_back(context.existing_path(overlay));
    recipe.remove = checked_texts(table, "remove",
                                  "a pattern of absolute paths such as "
                                  "\"/usr/share/doc/*\"",
                                  [](const std::string& pattern) {
                                      return pattern.size() > 1 && pattern.front() == '/' &&
                                             pattern != "/*" && pattern.back() != '/';
                                  });
    if (const auto size = table.size("block_size")) {
        if (std::has_single_bit(size->value) && size->value >= 4 * KiB && size->value <= MiB)
            recipe.block_size = static_cast<std::uint32_t>(size->value);
        else
            table.mistake(size->where, "'block_size' is " + std::to_string(size->value) +
                                           ", expected a power of two from 4K to 1M");
    }
    if (const auto level = table.integer("compression_level", 1, 22))
        recipe.compression_level = static_cast<int>(level->value);
    table.finish();
}

} // namespace quoin
