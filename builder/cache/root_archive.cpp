// SPDX-License-Identifier: Apache-2.0
#include "builder/cache/root_archive.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "builder/cache/cache_directory.hpp"

#include <unistd.h>

namespace quoin {

namespace {

constexpr std::string_view prefix = "debian-";
constexpr std::string_view suffix = ".tar";

/// Key and content of "debian-KEY-CONTENT.tar".
struct Name {
    Digest key;
    Digest content;
};

std::optional<Name> parse_name(std::string_view name) {
    constexpr std::size_t digits = 2 * sizeof(Digest);
    if (name.size() != prefix.size() + digits + 1 + digits + suffix.size() ||
        !name.starts_with(prefix) || !name.ends_with(suffix))
        return std::nullopt;
    name.remove_prefix(prefix.size());
    const auto key = Digest::parse(name.substr(0, digits));
    const auto content = Digest::parse(name.substr(digits + 1, digits));
    if (!key || !content || name[digits] != '-')
        return std::nullopt;
    return Name{*key, *content};
}

} // namespace

std::optional<RootArchive> find_root_archive(const std::string& directory, const Digest& key,
                                             const ProgressObserver& progress) {
    for (const CacheFile& file : list_cache(directory)) {
        const auto name = parse_name(file.name);
        if (!name || name->key != key)
            continue;
        RootArchive archive{directory + "/" + file.name, {}};
        try {
            archive.file = open_file(archive.path, O_RDONLY | O_NOFOLLOW);
            if (sha256_of_file(archive.file, archive.path, progress) == name->content) {
                mark_used(archive.file);
                return archive;
            }
            (void)::unlink(archive.path.c_str());
        } catch (const Error& error) { // gone meanwhile, or not readable now
            if (error.code() == ErrorCode::cancelled)
                throw;
        }
    }
    return std::nullopt;
}

std::string root_archive_path(const std::string& directory, const Digest& key,
                              const Digest& content) {
    return directory + "/" + std::string(prefix) + key.hex() + "-" + content.hex() +
           std::string(suffix);
}

bool is_root_archive_name(const std::string& name) {
    return parse_name(name).has_value();
}

} // namespace quoin
