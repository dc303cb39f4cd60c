// SPDX-License-Identifier: Apache-2.0
// Build folder: builder/quoin beside agent/ and bootloader-hooks/. Installed: bin/quoin beside
// bin/quoin-agent and libexec/quoin/.
#include "builder/own_programs.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/process.hpp"

#include <cstdlib>
#include <filesystem>

namespace quoin {
namespace {

constexpr std::uint64_t max_program_size = 256 << 20;

std::vector<std::string> candidates(const std::string& name) {
    if (const char* directory = std::getenv("QUOIN_DATA_DIR");
        directory != nullptr && *directory != '\0')
        return {std::string(directory) + "/" + name};
    std::error_code error;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
    const auto base = program.parent_path().parent_path();
    std::vector<std::string> paths;
    for (const char* place : {"bootloader-hooks/early", "agent", "bin", "libexec/quoin"})
        paths.push_back((base / place / name).string());
    return paths;
}

} // namespace

Bytes read_own_program(const std::string& name, const std::string& advice) {
    const auto paths = candidates(name);
    for (const auto& path : paths) {
        if (!exists(path))
            continue;
        const TemporaryDirectory directory;
        const auto stripped = directory.path() + "/" + name;
        in_context("cannot strip '" + path + "'", [&] {
            run_checked({"strip", "--strip-all", "-o", stripped, path});
        });
        return read_file(stripped, max_program_size);
    }
    std::string looked;
    for (const auto& path : paths)
        looked += (looked.empty() ? "'" : ", '") + path + "'";
    throw Error("cannot find " + name + " (looked for " + looked + "): " + advice);
}

} // namespace quoin
