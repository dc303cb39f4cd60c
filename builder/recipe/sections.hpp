// SPDX-License-Identifier: Apache-2.0
// The recipe's sections; each function checks one table and fills its part of the recipe.
#pragma once

#include "base/terminal.hpp"
#include "builder/recipe.hpp"
#include "builder/recipe/reader.hpp"

#include <string>

namespace quoin {

/// What every section needs besides its table.
struct RecipeContext {
    Recipe& recipe;
    RecipeMistakes& mistakes;

    /// An existing file or directory as an absolute path; records a mistake when there is none.
    /// What is relative starts at the file that says it, or with --set at the working directory.
    [[nodiscard]] std::string existing_path(const Placed<std::string>& path) const;

    /// Keeps where a value stands that a later stage may have to refuse.
    void remember(const std::string& key, const std::string& value,
                  const toml::source_region& where) const {
        recipe.places.remember(key, value, mistakes.place(where));
    }
    /// The same for each element of a list.
    void remember(const std::string& key, const std::vector<Placed<std::string>>& values) const {
        for (const auto& [value, where] : values)
            remember(key, value, where);
    }
};

void read_root_section(const toml::table& table, const RecipeContext& context);
void read_system_section(const toml::table& table, const RecipeContext& context);
void read_network_section(const toml::table& table, const RecipeContext& context);

/// The values of placed strings that pass `is_valid`; the others become mistakes "'x' is not WHAT".
template <typename Predicate>
std::vector<std::string> checked_texts(RecipeTable& table, const char* key, const char* what,
                                       Predicate&& is_valid) {
    std::vector<std::string> values;
    for (const Placed<std::string>& text : table.texts(key)) {
        if (is_valid(text.value))
            values.push_back(text.value);
        else
            table.mistake(text.where, "'" + printable(text.value) + "' in '" + key +
                                          "' is not valid, expected " + what);
    }
    return values;
}

/// Sets `target` to the key's text when it is there and passes.
template <typename Predicate>
void checked_text(RecipeTable& table, const char* key, const char* what, Predicate&& is_valid,
                  std::string& target) {
    const auto text = table.text(key);
    if (!text)
        return;
    if (is_valid(text->value))
        target = text->value;
    else
        table.mistake(text->where, "'" + printable(text->value) + "' in '" + key +
                                       "' is not valid, expected " + what);
}

} // namespace quoin
