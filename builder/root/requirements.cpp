// SPDX-License-Identifier: Apache-2.0
#include "builder/root/requirements.hpp"

#include "base/terminal.hpp"
#include "builder/root/needed_libraries.hpp"

#include <algorithm>
#include <array>

namespace quoin {

namespace {

/// Directories that the dynamic linker searches on Debian, merged /usr or not.
constexpr std::array<const char*, 8> library_directories{"usr/lib/x86_64-linux-gnu",
                                                         "usr/lib/aarch64-linux-gnu",
                                                         "lib/x86_64-linux-gnu",
                                                         "lib/aarch64-linux-gnu",
                                                         "usr/lib",
                                                         "lib",
                                                         "usr/lib64",
                                                         "lib64"};

bool has_library(RootTree& tree, const std::string& name) {
    return std::any_of(
        library_directories.begin(), library_directories.end(),
        [&](const std::string& directory) { return tree.find(directory + "/" + name) != nullptr; });
}

} // namespace

std::vector<std::string> missing_requirements(RootTree& tree, const std::vector<AddedFile>& added,
                                              const std::string& kernel_release) {
    std::vector<std::string> warnings;
    if (tree.find("usr/lib/systemd/systemd") == nullptr &&
        tree.find("lib/systemd/systemd") == nullptr)
        warnings.emplace_back("the root lacks systemd (/usr/lib/systemd/systemd): the health gate "
                              "and the agent's units will not run");
    if (tree.find("usr/lib/modules/" + kernel_release) == nullptr &&
        tree.find("lib/modules/" + kernel_release) == nullptr)
        warnings.push_back("the root lacks the modules of its kernel (/usr/lib/modules/" +
                           kernel_release + ")");
    for (const AddedFile& file : added)
        for (const std::string& library : needed_libraries(file.content))
            if (!has_library(tree, library))
                warnings.push_back("the root lacks the library '" + printable(library) +
                                   "', which /" + file.path + " needs");
    return warnings;
}

} // namespace quoin
