// SPDX-License-Identifier: Apache-2.0
// A record is a file "dmesg-…" whose first line says why the kernel wrote it: "Panic#1 Part3". The
// message itself may be in any of a panic's parts. systemd-pstore keeps them in subdirectories.
#include "agent/steps/panic_evidence.hpp"

#include "base/error.hpp"
#include "base/file.hpp"

#include <filesystem>
#include <sys/stat.h>

namespace quoin {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t max_record = 1 << 20;
constexpr unsigned max_files = 1000;
constexpr int max_depth = 2;
constexpr std::string_view panic_words = "Kernel panic - ";

std::int64_t modified_at(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mtime : 0;
}

/// The line with the panic's message; the record's first line when this part does not have it.
std::string message_in(const std::string& record) {
    auto start = record.find(panic_words);
    if (start == std::string::npos)
        start = 0;
    return record.substr(start, record.find('\n', start) - start);
}

std::optional<std::string> panic_in(const fs::path& path, std::int64_t since) {
    if (path.filename().string().rfind("dmesg-", 0) != 0 || modified_at(path.string()) < since)
        return std::nullopt;
    try {
        const std::string record = read_text(path.string(), max_record);
        if (record.rfind("Panic#", 0) == 0)
            return message_in(record);
    } catch (const Error&) {
        // Evidence that cannot be read is none.
    }
    return std::nullopt;
}

} // namespace

const std::vector<std::string>& pstore_directories() {
    static const std::vector<std::string> directories = {"/sys/fs/pstore",
                                                         "/var/lib/systemd/pstore"};
    return directories;
}

std::optional<std::string> find_panic(const std::vector<std::string>& directories,
                                      std::int64_t since) {
    if (since == 0)
        return std::nullopt;
    std::optional<std::string> found;
    unsigned files = 0;
    for (const std::string& directory : directories) {
        std::error_code problem;
        fs::recursive_directory_iterator entry(directory, problem);
        for (; entry != fs::recursive_directory_iterator() && ++files < max_files;
             entry.increment(problem)) {
            if (entry.depth() >= max_depth)
                entry.disable_recursion_pending();
            const auto message = panic_in(entry->path(), since);
            // A part with the message itself says more than one without.
            if (message && (!found || message->rfind(panic_words, 0) == 0))
                found = message;
        }
    }
    return found;
}

} // namespace quoin
