// SPDX-License-Identifier: Apache-2.0
// With Debian's cloud kernel about 1 MiB, with the generic one about 2 MiB; it is unpacked in every
// boot, so nothing is in it that the root could bring later.
#include "builder/stages/initrd.hpp"

#include "builder/stages/archive.hpp"
#include "builder/stages/microcode.hpp"

#include <fmt/format.h>
#include <set>

namespace quoin {
namespace {

constexpr int compression_level = 19;

/// Directories in which the kernel of the root would look for firmware.
constexpr std::array<const char*, 2> firmware_directories = {"usr/lib/firmware/", "lib/firmware/"};

void add_firmware(std::vector<CpioMember>& members, const RootFiles& root,
                  const std::vector<BootModule>& modules) {
    std::set<std::string> names;
    for (const auto& module : modules)
        names.insert(module.firmware.begin(), module.firmware.end());
    for (const auto& name : names)
        for (const auto* directory : firmware_directories)
            if (auto content = root.read(directory + name)) {
                members.push_back({"lib/firmware/" + name, std::move(*content)});
                break;
            }
}

} // namespace

Initrd build_initrd(const Recipe& recipe, const RootFiles& root, const std::string& kernel_release,
                    Bytes early_program) {
    auto boot = find_boot_modules(root, kernel_release, recipe.modules);
    Initrd initrd;
    initrd.warnings = std::move(boot.warnings);

    std::vector<CpioMember> members;
    members.push_back({"init", std::move(early_program), 0755});
    add_firmware(members, root, boot.modules);
    members.push_back({"modules/", {}});
    for (auto& module : boot.modules) {
        initrd.modules.push_back(module.name);
        members.push_back(
            {fmt::format("modules/{:03}-{}.ko", initrd.modules.size() - 1, module.name),
             std::move(module.content)});
    }
    std::string persist;
    for (const auto& directory : recipe.persist)
        persist += directory + "\n";
    members.push_back({"persist", Bytes(persist.begin(), persist.end())});

    if (recipe.architecture == "x86-64")
        initrd.content = microcode_archive(root);
    initrd.microcode_size = initrd.content.size();
    const auto compressed = zstd_compressed(newc_archive(members), compression_level);
    initrd.content.insert(initrd.content.end(), compressed.begin(), compressed.end());
    return initrd;
}

} // namespace quoin
