// SPDX-License-Identifier: Apache-2.0
#include "builder/root/units.hpp"

#include "base/error.hpp"
#include "base/terminal.hpp"
#include "builder/recipe/checks.hpp"

#include <map>
#include <set>
#include <sstream>

namespace quoin {

namespace {

using Section = std::multimap<std::string, std::string>;

std::string trimmed(const std::string& text) {
    const std::size_t start = text.find_first_not_of(" \t\r");
    return start == std::string::npos
               ? ""
               : text.substr(start, text.find_last_not_of(" \t\r") - start + 1);
}

/// The words of each key in [Install]; an empty assignment forgets the earlier ones, as in systemd.
std::optional<Section> install_section(const std::string& text) {
    std::optional<Section> section;
    bool inside = false;
    std::istringstream lines(text);
    for (std::string raw; std::getline(lines, raw);) {
        std::string line = trimmed(raw);
        while (line.ends_with('\\') && std::getline(lines, raw))
            line = line.substr(0, line.size() - 1) + " " + trimmed(raw);
        if (line.starts_with('['))
            inside = line == "[Install]";
        const std::size_t equals = line.find('=');
        if (inside && !section)
            section.emplace();
        if (!inside || line.starts_with('#') || line.starts_with(';') ||
            equals == std::string::npos)
            continue;
        const std::string key = trimmed(line.substr(0, equals));
        std::istringstream words(line.substr(equals + 1));
        bool any = false;
        for (std::string word; words >> word; any = true)
            section->emplace(key, word);
        if (!any)
            section->erase(key);
    }
    return section;
}

struct NameParts {
    std::string prefix;   ///< before '@'
    std::string instance; ///< between '@' and the suffix
    std::string suffix;   ///< ".service"
    bool templated = false;

    explicit NameParts(const std::string& name) {
        const std::size_t at = name.find('@');
        const std::size_t dot = name.rfind('.');
        suffix = name.substr(dot);
        templated = at != std::string::npos && at < dot;
        prefix = name.substr(0, templated ? at : dot);
        if (templated)
            instance = name.substr(at + 1, dot - at - 1);
    }
    [[nodiscard]] std::string template_name() const { return prefix + "@" + suffix; }
};

/// The specifiers that make sense in [Install].
std::string expanded(const std::string& word, const std::string& unit) {
    const NameParts parts(unit);
    std::string result;
    for (std::size_t i = 0; i < word.size(); ++i) {
        if (word[i] != '%' || i + 1 == word.size()) {
            result += word[i];
            continue;
        }
        switch (word[++i]) {
        case 'i':
            result += parts.instance;
            break;
        case 'p':
            result += parts.prefix;
            break;
        case 'n':
            result += unit;
            break;
        case 'N':
            result += unit.substr(0, unit.rfind('.'));
            break;
        case '%':
            result += '%';
            break;
        default:
            throw Error(ErrorCode::usage, "cannot enable unit '" + unit + "': specifier '%" +
                                              std::string(1, word[i]) +
                                              "' in its [Install] section is not supported");
        }
    }
    return result;
}

class Enabling {
  public:
    explicit Enabling(const UnitLookup& lookup) : lookup_(lookup) {}

    void enable(const std::string& requested, bool asked_for) {
        if (!done_.insert(requested).second)
            return;
        const auto fail = [&](const std::string& why) {
            return Error(ErrorCode::usage,
                         "cannot enable unit '" + printable(requested) + "': " + why);
        };
        if (!is_unit_name(requested))
            throw fail("that is not a unit's name");
        std::string unit = requested;
        const NameParts parts(requested);
        auto found = lookup_(requested);
        if (!found && parts.templated)
            found = lookup_(parts.template_name());
        if (!found)
            throw fail("the root has no such unit");
        const auto section = install_section(found->text);
        if (!section || section->empty()) {
            if (!asked_for)
                return; // Also= may name static units
            throw fail("it has no [Install] section");
        }
        if (parts.templated && parts.instance.empty()) {
            const auto instance = section->find("DefaultInstance");
            if (instance == section->end())
                throw fail("a template needs an instance, as in \"" + parts.prefix + "@NAME" +
                           parts.suffix + "\"");
            unit = named(requested, "DefaultInstance",
                         parts.prefix + "@" + instance->second + parts.suffix);
        }
        add_links(unit, *found, *section);
        for (auto [also, last] = section->equal_range("Also"); also != last; ++also)
            enable(named(unit, "Also", expanded(also->second, unit)), false);
    }

    std::vector<UnitLink> links;

  private:
    /// `name`, which `key` in the [Install] section of `unit` gave: what packages ship is no more
    /// to be trusted than the rest of the input.
    static std::string named(const std::string& unit, const char* key, const std::string& name) {
        if (!is_unit_name(name))
            throw Error(ErrorCode::usage, "cannot enable unit '" + printable(unit) + "': '" +
                                              printable(name) + "' in its " + key +
                                              "= is not a unit's name");
        return name;
    }

    void add_links(const std::string& unit, const FoundUnit& found, const Section& section) {
        const std::string base = std::string(unit_directories[0]) + "/";
        const std::string target = "/" + found.path;
        const std::pair<const char*, const char*> directories[] = {
            {"WantedBy", ".wants/"}, {"RequiredBy", ".requires/"}, {"UpheldBy", ".upholds/"}};
        for (const auto& [key, directory] : directories)
            for (auto [word, last] = section.equal_range(key); word != last; ++word)
                links.push_back(
                    {base + named(unit, key, expanded(word->second, unit)) + directory + unit,
                     target});
        for (auto [alias, last] = section.equal_range("Alias"); alias != last; ++alias)
            links.push_back({base + named(unit, "Alias", expanded(alias->second, unit)), target});
    }

    const UnitLookup& lookup_;
    std::set<std::string> done_;
};

} // namespace

std::vector<UnitLink> links_to_enable(const std::string& unit, const UnitLookup& lookup) {
    Enabling enabling(lookup);
    enabling.enable(unit, true);
    return enabling.links;
}

} // namespace quoin
