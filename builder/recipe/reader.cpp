// SPDX-License-Identifier: Apache-2.0
#include "builder/recipe/reader.hpp"

#include "base/error.hpp"
#include "base/terminal.hpp"
#include "base/units.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>

namespace quoin {

namespace {

std::size_t edit_distance(std::string_view left, std::string_view right) {
    std::vector<std::size_t> row(right.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= left.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= right.size(); ++j) {
            const std::size_t replaced = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
            diagonal = std::exchange(row[j], std::min({replaced, row[j] + 1, row[j - 1] + 1}));
        }
    }
    return row.back();
}

std::string type_name(const toml::node& node) {
    switch (node.type()) {
    case toml::node_type::table:
        return "a table";
    case toml::node_type::array:
        return "an array";
    case toml::node_type::string:
        return "a string";
    case toml::node_type::integer:
        return "an integer";
    case toml::node_type::floating_point:
        return "a fraction";
    case toml::node_type::boolean:
        return "a boolean";
    default:
        return "a date or time";
    }
}

} // namespace

std::optional<std::string> nearest_word(std::string_view word, const std::set<std::string>& known) {
    std::optional<std::string> nearest;
    std::size_t least = std::max<std::size_t>(2, word.size() / 3) + 1;
    for (const std::string& candidate : known) {
        const std::size_t distance = edit_distance(word, candidate);
        if (distance < least) {
            least = distance;
            nearest = candidate;
        }
    }
    return nearest;
}

static std::string place_text(const std::string& file, std::uint32_t line, std::uint32_t column) {
    return file.starts_with(setting_place)
               ? file
               : file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

void RecipeMistakes::add(const toml::source_region& where, const std::string& text) {
    mistakes_.emplace(where.path ? *where.path : file_, where.begin.line, where.begin.column, text);
}

std::string RecipeMistakes::place(const toml::source_region& where) const {
    return place_text(where.path ? *where.path : file_, where.begin.line, where.begin.column);
}

void RecipeMistakes::throw_any() const {
    std::string text;
    for (const auto& [file, line, column, what] : mistakes_)
        text += (text.empty() ? "" : "\n") + place_text(file, line, column) + ": " + what;
    if (!text.empty())
        throw Error(ErrorCode::usage, text);
}

void RecipeMistakes::remember_setting(const std::string& place, const std::string& key,
                                      const std::string& typed) {
    settings_[place] = {key, typed};
}

std::optional<std::string> RecipeMistakes::typed(const toml::source_region& where,
                                                 const std::string& key) const {
    const auto found = where.path ? settings_.find(*where.path) : settings_.end();
    if (found == settings_.end() || found->second.key != key)
        return std::nullopt;
    return found->second.typed;
}

const toml::node* RecipeTable::find(const char* key) {
    known_.insert(key);
    return table_.get(key);
}

toml::source_region RecipeTable::where(const char* key) const {
    const toml::node* node = table_.get(key);
    return node != nullptr ? node->source() : table_.source();
}

void RecipeTable::wrong_type(const char* key, const toml::node& node, const char* expected) {
    mistake(node.source(),
            std::string("'") + key + "' is " + type_name(node) + ", expected " + expected);
}

std::optional<Placed<std::string>> RecipeTable::text(const char* key) {
    const toml::node* node = find(key);
    if (node == nullptr)
        return std::nullopt;
    auto value = node->value_exact<std::string>();
    if (!value) // "--set image.version=2" means no number
        value = mistakes_.typed(node->source(), key);
    if (!value) {
        wrong_type(key, *node, "a string");
        return std::nullopt;
    }
    if (value->find_first_of(std::string_view("\0\n\r", 3)) != std::string::npos) {
        mistake(node->source(), std::string("'") + key + "' has several lines, expected one");
        return std::nullopt;
    }
    return Placed<std::string>{*value, node->source()};
}

std::optional<Placed<std::int64_t>> RecipeTable::integer(const char* key, std::int64_t least,
                                                         std::int64_t most) {
    const toml::node* node = find(key);
    if (node == nullptr)
        return std::nullopt;
    const auto value = node->value_exact<std::int64_t>();
    if (!value) {
        wrong_type(key, *node, "an integer");
        return std::nullopt;
    }
    if (*value < least || *value > most) {
        mistake(node->source(), std::string("'") + key + "' is " + std::to_string(*value) +
                                    ", expected " + std::to_string(least) + " to " +
                                    std::to_string(most));
        return std::nullopt;
    }
    return Placed<std::int64_t>{*value, node->source()};
}

std::optional<bool> RecipeTable::boolean(const char* key) {
    const toml::node* node = find(key);
    if (node == nullptr)
        return std::nullopt;
    const auto value = node->value_exact<bool>();
    if (!value)
        wrong_type(key, *node, "true or false");
    return value;
}

std::optional<Placed<std::uint64_t>> RecipeTable::size(const char* key) {
    const toml::node* node = find(key);
    if (node == nullptr)
        return std::nullopt;
    const char* const expected = "a size: bytes, or a string such as \"256M\"";
    if (const auto bytes = node->value_exact<std::int64_t>(); bytes && *bytes > 0)
        return Placed<std::uint64_t>{static_cast<std::uint64_t>(*bytes), node->source()};
    if (const auto text = node->value_exact<std::string>()) {
        if (const auto bytes = parse_size(*text); bytes && *bytes > 0)
            return Placed<std::uint64_t>{*bytes, node->source()};
        mistake(node->source(),
                std::string("'") + key + "' is '" + printable(*text) + "', expected " + expected);
    } else if (node->is_integer()) {
        mistake(node->source(), std::string("'") + key + "' is not positive, expected " + expected);
    } else {
        wrong_type(key, *node, expected);
    }
    return std::nullopt;
}

std::optional<std::int64_t> RecipeTable::time(const char* key) {
    const toml::node* node = find(key);
    if (node == nullptr)
        return std::nullopt;
    std::optional<std::int64_t> seconds = node->value_exact<std::int64_t>();
    if (const auto given = node->value_exact<toml::date_time>(); given && given->offset) {
        const std::chrono::sys_days day(std::chrono::year(given->date.year) / given->date.month /
                                        given->date.day);
        seconds = std::chrono::seconds(day.time_since_epoch()).count() + given->time.hour * 3600 +
                  given->time.minute * 60 + given->time.second - given->offset->minutes * 60;
    }
    if (!seconds || *seconds < 0) {
        mistake(node->source(), std::string("'") + key +
                                    "' is no time since 1970, expected one such as "
                                    "2026-11-24T18:00:00Z, or seconds");
        return std::nullopt;
    }
    return seconds;
}

std::vector<Placed<std::string>> RecipeTable::texts(const char* key) {
    const toml::node* node = find(key);
    if (node == nullptr)
        return {};
    const toml::array* array = node->as_array();
    if (array == nullptr) {
        wrong_type(key, *node, "an array of strings");
        return {};
    }
    std::vector<Placed<std::string>> values;
    for (const toml::node& element : *array) {
        const auto value = element.value_exact<std::string>();
        if (!value)
            mistake(element.source(), std::string("an element of '") + key + "' is " +
                                          type_name(element) + ", expected a string");
        else if (value->empty() ||
                 value->find_first_of(std::string_view("\0\n\r", 3)) != std::string::npos)
            mistake(element.source(), std::string("an element of '") + key +
                                          "' is empty or has several lines, expected one line");
        else
            values.push_back({*value, element.source()});
    }
    return values;
}

const toml::table* RecipeTable::table(const char* key) {
    const toml::node* node = find(key);
    if (node == nullptr)
        return nullptr;
    if (!node->is_table())
        wrong_type(key, *node, "a table");
    return node->as_table();
}

std::vector<const toml::table*> RecipeTable::tables(const char* key) {
    const toml::node* node = find(key);
    if (node == nullptr)
        return {};
    const toml::array* array = node->as_array();
    std::vector<const toml::table*> found;
    if (array == nullptr) {
        wrong_type(key, *node, "an array of tables");
        return {};
    }
    for (const toml::node& element : *array) {
        if (element.is_table())
            found.push_back(element.as_table());
        else
            mistake(element.source(), std::string("an element of '") + key + "' is " +
                                          type_name(element) + ", expected a table");
    }
    return found;
}

void RecipeTable::finish() {
    for (const auto& [key, node] : table_) {
        const std::string word(key.str());
        if (known_.contains(word))
            continue;
        std::string expected;
        if (const auto nearest = nearest_word(word, known_)) {
            expected = "did you mean '" + *nearest + "'?";
        } else {
            expected = "expected one of";
            for (const std::string& known : known_)
                expected += (known == *known_.begin() ? " " : ", ") + known;
        }
        mistake(key.source(),
                "unknown key '" + printable(word) + "' in " + name_ + ", " + expected);
    }
}

} // namespace quoin
