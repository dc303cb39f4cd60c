// SPDX-License-Identifier: Apache-2.0
#include "early/command_line.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <vector>

namespace quoin::early {

static std::vector<std::string> split_words(std::string_view text) {
    std::vector<std::string> words;
    std::string word;
    bool quoted = false;
    for (const char c : text) {
        if (c == '"') {
            quoted = !quoted;
        } else if (!quoted && (c == ' ' || c == '\t' || c == '\n')) {
            if (!word.empty())
                words.push_back(std::move(word));
            word.clear();
        } else {
            word += c;
        }
    }
    if (!word.empty())
        words.push_back(std::move(word));
    return words;
}

/// The value of `key=`. Twice is refused: which one holds would be a guess, and the kernel and
/// systemd guess differently.
static std::optional<std::string> value_of(const std::vector<std::string>& words,
                                           std::string_view key) {
    std::optional<std::string> value;
    for (const std::string& word : words) {
        if (!word.starts_with(key) || word.size() <= key.size() || word[key.size()] != '=')
            continue;
        if (value)
            throw refused("cannot use the kernel command line: '" + std::string(key) +
                          "=' is given twice");
        value = word.substr(key.size() + 1);
    }
    return value;
}

static std::string needed(const std::vector<std::string>& words, std::string_view key) {
    const auto value = value_of(words, key);
    if (!value)
        throw refused("cannot use the kernel command line: '" + std::string(key) + "=' is missing");
    return *value;
}

static std::string needed_digest(const std::vector<std::string>& words, std::string_view key) {
    const std::string value = needed(words, key);
    const auto bytes = from_hex(value);
    if (!bytes || bytes->size() != 32)
        throw refused("cannot use the kernel command line: '" + std::string(key) +
                      "=' is not 64 hex digits");
    return to_hex(*bytes);
}

static std::uint64_t needed_blocks(const std::vector<std::string>& words, std::string_view key) {
    const std::string value = needed(words, key);
    std::uint64_t blocks = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), blocks);
    constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max() / 4096;
    if (error != std::errc{} || end != value.data() + value.size() || blocks == 0 || blocks > most)
        throw refused("cannot use the kernel command line: '" + std::string(key) +
                      "=' is not a number of blocks");
    return blocks;
}

static Uuid uuid_of_digits(std::string_view digits) {
    Uuid uuid;
    std::ranges::copy(from_hex(digits).value(), uuid.bytes.begin());
    return uuid;
}

Uuid CommandLine::root_uuid() const {
    return uuid_of_digits(std::string_view(root_hash).substr(0, 32));
}

Uuid CommandLine::verity_uuid() const {
    return uuid_of_digits(std::string_view(root_hash).substr(32));
}

CommandLine parse_command_line(std::string_view text) {
    const std::vector<std::string> words = split_words(text);
    CommandLine line;
    line.root_hash = needed_digest(words, "roothash");
    line.salt = needed_digest(words, "quoin.salt");
    line.blocks = needed_blocks(words, "quoin.blocks");
    if (const auto init = value_of(words, "init")) {
        if (!init->starts_with('/'))
            throw refused("cannot use the kernel command line: 'init=' is not an absolute path");
        line.init = *init;
    }
    return line;
}

} // namespace quoin::early
