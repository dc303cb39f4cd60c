// SPDX-License-Identifier: Apache-2.0
#include "agent/configuration.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/units.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <toml++/toml.h>

namespace quoin {

namespace {

/// One key of the file and where its value goes.
struct Key {
    std::string_view table;
    std::string_view name;
    std::uint64_t Configuration::*seconds;
};
constexpr std::array keys = {
    Key{"health", "deadline", &Configuration::health_deadline},
    Key{"health", "timeout", &Configuration::health_timeout},
};

Error mistake(const std::string& path, const toml::source_region& where, const std::string& what) {
    return {ErrorCode::usage, path + ":" + std::to_string(where.begin.line) + ":" +
                                  std::to_string(where.begin.column) + ": " + what};
}

/// "'deadline', 'timeout'": what could have stood there.
std::string expected_keys(std::string_view table) {
    std::string names;
    for (const Key& key : keys)
        if (key.table == table)
            names += (names.empty() ? "'" : ", '") + std::string(key.name) + "'";
    return names;
}

void read_key(const std::string& path, std::string_view table, const toml::key& name,
              const toml::node& value, Configuration& configuration) {
    const auto key = std::find_if(keys.begin(), keys.end(), [&](const Key& candidate) {
        return candidate.table == table && candidate.name == name.str();
    });
    if (key == keys.end())
        throw mistake(path, name.source(),
                      "unknown key '" + std::string(name.str()) + "' in [" + std::string(table) +
                          "], expected " + expected_keys(table));
    std::optional<std::uint64_t> seconds;
    if (const auto text = value.value_exact<std::string>())
        seconds = parse_duration_seconds(*text);
    else if (const auto number = value.value_exact<std::int64_t>(); number && *number >= 0)
        seconds = static_cast<std::uint64_t>(*number);
    if (!seconds || *seconds == 0)
        throw mistake(path, value.source(),
                      "'" + std::string(key->name) +
                          "' is not a duration, expected seconds or text like \"5min\"");
    configuration.*(key->seconds) = *seconds;
}

void read_into(const std::string& path, Configuration& configuration) {
    toml::table document;
    try {
        document = toml::parse(read_text(path), path);
    } catch (const toml::parse_error& problem) {
        throw mistake(path, problem.source(), std::string(problem.description()));
    }
    for (auto&& [key_name, value] : document) {
        const toml::key& name = key_name; // clang 14 cannot capture structured bindings
        const toml::table* table = value.as_table();
        const bool known = std::any_of(keys.begin(), keys.end(),
                                       [&](const Key& key) { return key.table == name.str(); });
        if (table == nullptr || !known)
            throw mistake(path, name.source(),
                          "unknown key '" + std::string(name.str()) + "', expected '[health]'");
        for (const auto& [key, content] : *table)
            read_key(path, name.str(), key, content, configuration);
    }
}

} // namespace

const std::vector<std::string>& Configuration::default_paths() {
    static const std::vector<std::string> paths = {"/usr/share/quoin/agent.toml",
                                                   "/etc/quoin/agent.toml"};
    return paths;
}

Configuration read_configuration(const std::vector<std::string>& paths) {
    Configuration configuration;
    for (const std::string& path : paths)
        read_into(path, configuration);
    return configuration;
}

Configuration read_default_configuration() {
    std::vector<std::string> present;
    for (const std::string& path : Configuration::default_paths())
        if (exists(path))
            present.push_back(path);
    return read_configuration(present);
}

} // namespace quoin
