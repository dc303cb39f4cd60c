// SPDX-License-Identifier: Apache-2.0
#include "builder/recipe/checks.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <sstream>

namespace quoin {

namespace {

bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_alphanumeric(char c) {
    return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z');
}

bool consists_of(std::string_view text, std::string_view others) {
    return std::all_of(text.begin(), text.end(), [&](char c) {
        return is_alphanumeric(c) || others.find(c) != std::string_view::npos;
    });
}

bool is_address(const std::string& text, int family) {
    std::array<unsigned char, 16> bytes{};
    return inet_pton(family, text.c_str(), bytes.data()) == 1;
}

} // namespace

bool is_host_name(std::string_view text) {
    if (text.empty() || text.size() > 64)
        return false;
    for (std::size_t start = 0; start <= text.size();) {
        const std::size_t end = std::min(text.find('.', start), text.size());
        const auto label = text.substr(start, end - start);
        if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-' ||
            !consists_of(label, "-"))
            return false;
        start = end + 1;
    }
    return true;
}

bool is_account_name(std::string_view text) {
    return !text.empty() && text.size() <= 32 && (is_lower(text.front()) || text.front() == '_') &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return is_lower(c) || is_digit(c) || c == '_' || c == '-'; });
}

bool is_password_hash(std::string_view text) {
    if (text == "!" || text == "*")
        return true;
    return text.size() > 3 && text.front() == '$' && text.find('$', 1) != std::string_view::npos &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return c > ' ' && c < 0x7f && c != ':'; });
}

bool is_ssh_public_key(std::string_view text) {
    constexpr std::array<std::string_view, 4> types{"ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"};
    const bool known = std::any_of(types.begin(), types.end(),
                                   [&](std::string_view type) { return text.starts_with(type); });
    const std::size_t space = text.find(' ');
    if (!known || space == std::string_view::npos)
        return false;
    const auto key = text.substr(space + 1, text.find(' ', space + 1) - space - 1);
    return key.starts_with("AAAA") && consists_of(key, "+/=");
}

bool is_clean_absolute_path(std::string_view text) {
    if (text.size() < 2 || text.front() != '/')
        return false;
    for (std::size_t start = 1; start <= text.size();) {
        const std::size_t end = std::min(text.find('/', start), text.size());
        const auto component = text.substr(start, end - start);
        if (component.empty() || component == "." || component == ".." || component.size() > 255)
            return false;
        start = end + 1;
    }
    return std::none_of(text.begin(), text.end(), [](char c) { return c < ' ' || c == 0x7f; });
}

bool is_ip_address(const std::string& text) {
    return is_address(text, AF_INET) || is_address(text, AF_INET6);
}

bool is_ip_address_with_prefix(const std::string& text) {
    const std::size_t slash = text.find('/');
    if (slash == std::string::npos)
        return false;
    const std::string address = text.substr(0, slash);
    const std::string prefix = text.substr(slash + 1);
    if (prefix.empty() || prefix.size() > 3 || !std::all_of(prefix.begin(), prefix.end(), is_digit))
        return false;
    const int bits = std::stoi(prefix);
    return (is_address(address, AF_INET) && bits <= 32) ||
           (is_address(address, AF_INET6) && bits <= 128);
}

bool is_unit_name(std::string_view text) {
    constexpr std::array<std::string_view, 10> suffixes{
        ".service", ".socket",    ".target", ".timer", ".path",
        ".mount",   ".automount", ".swap",   ".slice", ".device"};
    const bool known = std::any_of(suffixes.begin(), suffixes.end(), [&](std::string_view suffix) {
        return text.size() > suffix.size() && text.ends_with(suffix);
    });
    return known && text.size() <= 255 && text.front() != '.' && consists_of(text, ":-_.\\@");
}

std::optional<std::string> reserved_word_in(std::string_view command_line) {
    constexpr std::array<std::string_view, 16> names{
        "roothash", "root", "rootfstype", "rootflags", "usrhash", "init",  "rdinit",   "initrd",
        "noinitrd", "ro",   "rw",         "gpt",       "panic",   "quoin", "usrflags", "usrfstype"};
    constexpr std::array<std::string_view, 3> prefixes{"quoin.", "systemd.verity",
                                                       "systemd.gpt_auto"};
    std::string plain;
    for (const char c : command_line)
        if (c != '"' && c != '\'')
            plain += c == '-' ? '_' : c;
    std::istringstream words(plain);
    for (std::string word; words >> word;) {
        const auto name = std::string_view(word).substr(0, word.find('='));
        if (std::ranges::find(names, name) != names.end() ||
            std::ranges::any_of(prefixes, [&](auto prefix) { return name.starts_with(prefix); }))
            return word;
    }
    return std::nullopt;
}

bool is_command_line(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 0x7f; }) &&
           std::ranges::count(text, '"') % 2 == 0;
}

bool is_plain_name(std::string_view text) {
    return !text.empty() && text.size() <= 64 && text.front() != '.' && text.front() != '-' &&
           consists_of(text, "._-");
}

bool is_package_name(std::string_view text) {
    return text.size() > 1 && (is_lower(text.front()) || is_digit(text.front())) &&
           consists_of(text, "+.-:=/~");
}

} // namespace quoin
