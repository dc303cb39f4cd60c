// SPDX-License-Identifier: Apache-2.0
// TOML tables read so that every mistake is collected with its place, and a key that nobody asked
// for is a mistake too.
#pragma once

#include "base/toml.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace quoin {

/// How the path of a node begins that no file but the command line gave: "--set image.version".
constexpr std::string_view setting_place = "--set ";

/// The mistakes of a recipe: of all its files and settings.
class RecipeMistakes {
  public:
    explicit RecipeMistakes(std::string file) : file_(std::move(file)) {}

    /// "what is wrong, what was expected" at a place in one of the files or settings.
    void add(const toml::source_region& where, const std::string& text);

    /// "file:line:column", or "--set KEY".
    [[nodiscard]] std::string place(const toml::source_region& where) const;

    /// Throws Error(usage) with all of them, one a line, in the order of each file; or returns.
    void throw_any() const;

    /// Keeps what was typed for `key`, the last part of the setting's name.
    void remember_setting(const std::string& place, const std::string& key,
                          const std::string& typed);
    /// The very text of the setting that gave `key`, when `where` is one.
    [[nodiscard]] std::optional<std::string> typed(const toml::source_region& where,
                                                   const std::string& key) const;

  private:
    struct Setting {
        std::string key;
        std::string typed;
    };
    std::string file_; ///< of nodes without one
    std::set<std::tuple<std::string, std::uint32_t, std::uint32_t, std::string>> mistakes_;
    std::map<std::string, Setting> settings_; ///< by place
};

/// A value with its place, for checks that come after reading.
template <typename T>
struct Placed {
    T value{};
    toml::source_region where;
};

/// One table of the recipe. Each reading function returns nothing when the key is absent or its
/// value is wrong; in the latter case the mistake is recorded. `finish()` reports unknown keys.
class RecipeTable {
  public:
    /// `name` as a person writes it: "[image]".
    RecipeTable(const toml::table& table, std::string name, RecipeMistakes& mistakes)
        : table_(table), name_(std::move(name)), mistakes_(mistakes) {}

    [[nodiscard]] std::optional<Placed<std::string>> text(const char* key);
    [[nodiscard]] std::optional<Placed<std::int64_t>> integer(const char* key, std::int64_t least,
                                                              std::int64_t most);
    [[nodiscard]] std::optional<bool> boolean(const char* key);
    /// An integer of bytes or a string "256M".
    [[nodiscard]] std::optional<Placed<std::uint64_t>> size(const char* key);
    /// A date and time with its offset, or an integer: seconds since 1970.
    [[nodiscard]] std::optional<std::int64_t> time(const char* key);
    /// An array of strings; empty when absent.
    [[nodiscard]] std::vector<Placed<std::string>> texts(const char* key);
    [[nodiscard]] const toml::table* table(const char* key);
    /// An array of tables; empty when absent.
    [[nodiscard]] std::vector<const toml::table*> tables(const char* key);

    /// Where a key stands; the table itself when it is absent.
    [[nodiscard]] toml::source_region where(const char* key) const;
    [[nodiscard]] toml::source_region where() const { return table_.source(); }
    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] bool has(const char* key) const { return table_.contains(key); }

    void mistake(const toml::source_region& where, const std::string& text) {
        mistakes_.add(where, text);
    }

    /// Reports keys that were never asked for, with the nearest one that was.
    void finish();

  private:
    const toml::node* find(const char* key);
    void wrong_type(const char* key, const toml::node& node, const char* expected);

    const toml::table& table_;
    std::string name_;
    RecipeMistakes& mistakes_;
    std::set<std::string> known_;
};

/// The one of `known` with the least edit distance to `word`, when it is near enough to be meant.
[[nodiscard]] std::optional<std::string> nearest_word(std::string_view word,
                                                      const std::set<std::string>& known);

} // namespace quoin
