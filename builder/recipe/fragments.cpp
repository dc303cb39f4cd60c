// SPDX-License-Identifier: Apache-2.0
#include "builder/recipe/fragments.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/terminal.hpp"
#include "base/units.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>

namespace quoin {

namespace {

constexpr std::uint64_t largest_recipe = MiB;
constexpr unsigned most_files = 100; // files that include each other twice grow like 2^n

toml::table parse_toml(const std::string& text, const std::string& path) {
    try {
        return toml::parse(text, path);
    } catch (const toml::parse_error& e) {
        RecipeMistakes mistakes(path);
        mistakes.add(e.source(), printable(std::string(e.description())) + ", expected TOML");
        mistakes.throw_any();
        throw;
    }
}

enum class Wins { target, other };

/// Tables that both have stay where the target has them, so that what they lack is missed there.
void merge(toml::table& target, toml::table&& other, Wins wins) {
    for (auto&& [key, node] : other) {
        toml::node* own = target.get(key);
        if (own != nullptr && own->is_table() && node.is_table()) {
            merge(*own->as_table(), std::move(*node.as_table()), wins);
            continue;
        }
        if (own != nullptr && wins == Wins::target)
            continue;
        target.erase(key);
        node.visit([&target, &name = key](auto& value) { target.insert(name, std::move(value)); });
    }
}

class Reading {
  public:
    explicit Reading(RecipeMistakes& mistakes) : mistakes_(mistakes) {}

    toml::table read(const std::string& path) {
        toml::table file = parse_toml(read_text(path, largest_recipe), path);
        const auto includes = RecipeTable(file, "the recipe", mistakes_).texts("include");
        file.erase("include");
        open_.push_back(std::filesystem::canonical(path));
        for (auto include = includes.rbegin(); include != includes.rend(); ++include)
            if (const auto found = usable(*include, path))
                merge(file, read(*found), Wins::target);
        open_.pop_back();
        return file;
    }

  private:
    /// The path to read; records a mistake when there is none.
    std::optional<std::string> usable(const Placed<std::string>& include, const std::string& from) {
        const auto mistake = [&](const std::string& what) {
            mistakes_.add(include.where, "'" + printable(include.value) + "' in 'include' " + what);
            return std::nullopt;
        };
        const auto path =
            (std::filesystem::path(parent_of(from)) / include.value).lexically_normal();
        std::error_code error;
        if (!std::filesystem::is_regular_file(path, error))
            return mistake("is no file, expected a recipe's fragment relative to this file");
        if (std::ranges::count(open_, std::filesystem::canonical(path)) != 0)
            return mistake("includes this file, expected no circle");
        if (++files_ > most_files)
            return mistake(
                fmt::format("is file number {}, expected at most {}", files_, most_files));
        return path.string();
    }

    RecipeMistakes& mistakes_;
    std::vector<std::filesystem::path> open_;
    unsigned files_ = 1;
};

/// A TOML string whose value is `text`.
std::string toml_string(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            result += '\\';
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            result += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
        else
            result += c;
    }
    return result + '"';
}

/// "KEY=VALUE": a value that is no TOML is a string; so is "1.4" where the recipe wants one.
toml::table parse_setting(const std::string& setting, RecipeMistakes& mistakes) {
    const auto equals = setting.find('=');
    const std::string key = setting.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : setting.substr(equals + 1);
    const std::string place = std::string(setting_place) + printable(key);
    const auto last_dot = key.rfind('.');
    mistakes.remember_setting(place, last_dot == std::string::npos ? key : key.substr(last_dot + 1),
                              value);
    // A line break would let the value go on as further keys.
    if (equals != std::string::npos && value.find_first_of("\r\n") == std::string::npos) {
        try {
            return toml::parse(key + " = " + value, place);
        } catch (const toml::parse_error&) {
            // Bare, then.
        }
    }
    try {
        if (equals != std::string::npos && key.find_first_of("\r\n#") == std::string::npos)
            return toml::parse(key + " = " + toml_string(value), place);
    } catch (const toml::parse_error&) {
        // Not even the key is TOML.
    }
    throw Error(ErrorCode::usage, "cannot use '--set " + printable(setting) +
                                      "': expected KEY=VALUE such as image.version=1.4.2");
}

} // namespace

toml::table merged_recipe(const std::string& path, const std::vector<std::string>& settings,
                          RecipeMistakes& mistakes) {
    toml::table merged = Reading(mistakes).read(path);
    for (const std::string& setting : settings) {
        toml::table table = parse_setting(setting, mistakes);
        if (const toml::node* include = table.get("include"))
            mistakes.add(include->source(), "'include' is for files, expected another key");
        merge(merged, std::move(table), Wins::other);
    }
    return merged;
}

} // namespace quoin
