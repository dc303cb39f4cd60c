// SPDX-License-Identifier: Apache-2.0
#include "agent/configuration.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/toml.hpp"
#include "base/units.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <strings.h>
#include <variant>

namespace quoin {

namespace {

/// What every interface below takes: 68 years, or 2 GiB a second.
constexpr std::uint64_t largest_number = INT32_MAX;

enum class Kind { duration, size };

/// A number of the file: its kind and where its value goes.
struct Number {
    Kind kind;
    std::variant<std::uint64_t Configuration::*, std::optional<std::uint64_t> Configuration::*> to;
};
/// A text of the file, where its value goes and what is wrong with one; nothing when it is right.
struct Text {
    std::optional<std::string> Configuration::*to;
    std::optional<std::string> (*mistake)(const std::string& text);
};

struct Key {
    std::string_view table;
    std::string_view name;
    std::variant<Number, Text> value;
};

/// The working directory of an agent that a timer or a unit runs is nobody's choice.
std::optional<std::string> mistake_in_path(const std::string& text) {
    if (text.empty() || text.front() == '/')
        return std::nullopt;
    return "is not an absolute path";
}

/// What libcurl makes of a proxy's URL: without a scheme it is one of HTTP. It refuses unknown
/// schemes, too, but only here can the file's line be named.
std::optional<std::string> mistake_in_proxy(const std::string& text) {
    constexpr std::array schemes = {"http",    "https",  "socks",  "socks4",
                                    "socks4a", "socks5", "socks5h"};
    const std::size_t end = text.find("://");
    const auto is_scheme = [&](const char* known) {
        return ::strcasecmp(text.substr(0, end).c_str(), known) == 0;
    };
    if (end == text.npos || std::any_of(schemes.begin(), schemes.end(), is_scheme))
        return std::nullopt;
    return "has a scheme that is not known, expected http, https, socks4, socks4a, socks5 or "
           "socks5h";
}

const std::array keys = {
    Key{"health", "deadline", Number{Kind::duration, &Configuration::health_deadline}},
    Key{"health", "timeout", Number{Kind::duration, &Configuration::health_timeout}},
    Key{"fetch", "deadline", Number{Kind::duration, &Configuration::fetch_deadline}},
    Key{"fetch", "first_contact", Number{Kind::duration, &Configuration::fetch_first_contact}},
    Key{"fetch", "clock", Number{Kind::duration, &Configuration::fetch_clock}},
    Key{"fetch", "stall", Number{Kind::duration, &Configuration::fetch_stall}},
    Key{"fetch", "minimum_rate", Number{Kind::size, &Configuration::fetch_minimum_rate}},
    Key{"fetch", "maximum_rate", Number{Kind::size, &Configuration::fetch_maximum_rate}},
    Key{"fetch", "certificates", Text{&Configuration::fetch_certificates, mistake_in_path}},
    Key{"fetch", "headers", Text{&Configuration::fetch_headers, mistake_in_path}},
    Key{"fetch", "proxy", Text{&Configuration::fetch_proxy, mistake_in_proxy}},
};

/// "FILE:LINE:COLUMN"
std::string place_of(const std::string& path, const toml::source_region& where) {
    return path + ":" + std::to_string(where.begin.line) + ":" + std::to_string(where.begin.column);
}

Error mistake(const std::string& path, const toml::source_region& where, const std::string& what) {
    return {ErrorCode::usage, place_of(path, where) + ": " + what};
}

/// "'deadline', 'timeout'": what could have stood there.
std::string expected_keys(std::string_view table) {
    std::string names;
    for (const Key& key : keys)
        if (key.table == table)
            names += (names.empty() ? "'" : ", '") + std::string(key.name) + "'";
    return names;
}

/// Durations and rates of nothing would only ever fail, so that zero is a mistake.
std::uint64_t read_number(const std::string& path, const Key& key, Kind kind,
                          const toml::node& value) {
    std::optional<std::uint64_t> read;
    if (const auto text = value.value_exact<std::string>())
        read = kind == Kind::duration ? parse_duration_seconds(*text) : parse_size(*text);
    else if (const auto number = value.value_exact<std::int64_t>(); number && *number >= 0)
        read = static_cast<std::uint64_t>(*number);
    if (read && *read > 0 && *read <= largest_number)
        return *read;
    const bool duration = kind == Kind::duration;
    throw mistake(
        path, value.source(),
        "'" + std::string(key.name) + "' is not a " + (duration ? "duration" : "size") +
            ", expected 1 to " + std::to_string(largest_number) +
            (duration ? " seconds, like 300 or \"5min\"" : " bytes, like 65536 or \"64K\""));
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
    if (const auto* number = std::get_if<Number>(&key->value)) {
        const std::uint64_t read = read_number(path, *key, number->kind, value);
        std::visit([&](auto member) { configuration.*member = read; }, number->to);
        return;
    }
    const auto text = value.value_exact<std::string>();
    if (!text)
        throw mistake(path, value.source(), "'" + std::string(key->name) + "' is not text");
    const auto& [to, mistake_in] = std::get<Text>(key->value);
    if (const auto wrong = mistake_in(*text))
        throw mistake(path, value.source(), "'" + std::string(key->name) + "' " + *wrong);
    configuration.*to = *text;
}

/// `rates` becomes the place of the rate in this file, if it has one; of two the maximum's.
void read_into(const std::string& path, Configuration& configuration, std::string& rates) {
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
                          "unknown key '" + std::string(name.str()) +
                              "', expected '[health]' or '[fetch]'");
        for (const auto& [key, content] : *table)
            read_key(path, name.str(), key, content, configuration);
    }
    for (const char* rate : {"minimum_rate", "maximum_rate"})
        if (const toml::node* value = document["fetch"][rate].node())
            rates = place_of(path, value->source());
}

} // namespace

const std::vector<std::string>& Configuration::default_paths() {
    static const std::vector<std::string> paths = {"/usr/share/quoin/agent.toml",
                                                   "/etc/quoin/agent.toml"};
    return paths;
}

Configuration read_configuration(const std::vector<std::string>& paths) {
    Configuration configuration;
    std::string rates;
    for (const std::string& path : paths)
        read_into(path, configuration, rates);
    if (configuration.fetch_maximum_rate &&
        *configuration.fetch_maximum_rate < configuration.fetch_minimum_rate)
        throw Error(ErrorCode::usage,
                    rates + ": 'maximum_rate' is lower than 'minimum_rate', expected at least " +
                        std::to_string(configuration.fetch_minimum_rate));
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
