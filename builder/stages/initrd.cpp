// SPDX-License-Identifier: Apache-2.0
// With Debian's cloud kernel about 1 MiB, with the generic one about 2 MiB; it is unpacked in every
// boot, so nothing is in it that the root could bring later.
#include "builder/stages/initrd.hpp"

#include "base/terminal.hpp"
#include "builder/stages/archive.hpp"
#include "builder/stages/microcode.hpp"
#include "builder/stages/module_info.hpp"

#include <fmt/format.h>
#include <map>
#include <optional>

namespace quoin {
namespace {

constexpr int compression_level = 19;

/// Directories in which the kernel of the root would look for firmware.
constexpr std::array<const char*, 2> firmware_directories = {"usr/lib/firmware/", "lib/firmware/"};

/// Early userspace's kernel need not know compressed firmware, so it gets it plain.
std::optional<Bytes> find_firmware(const RootFiles& root, const std::string& name) {
    for (const auto* directory : firmware_directories)
        for (const auto* suffix : {"", ".zst", ".xz"})
            if (const auto path = directory + name + suffix; const auto content = root.read(path))
                return *suffix == '\0' ? *content : decompressed(*content, path);
    return std::nullopt;
}

void add_firmware(std::vector<CpioMember>& members, const RootFiles& root,
                  const std::vector<BootModule>& modules, std::vector<std::string>& warnings) {
    std::map<std::string, std::string> modules_by_name;
    for (const auto& module : modules)
        for (const auto& name : module.firmware)
            modules_by_name.emplace(name, module.name);
    for (const auto& [name, module] : modules_by_name) {
        if (auto content = find_firmware(root, name))
            members.push_back({"lib/firmware/" + name, std::move(*content)});
        else
            warnings.push_back("the root lacks the firmware '" + printable(name) +
                               "', which the module '" + module + "' may ask for in early boot");
    }
}

} // namespace

std::vector<std::string> directories_for_initrd(const std::string& kernel_release) {
    return {"usr/lib/modules/" + kernel_release, "usr/lib/firmware/amd-ucode",
            "usr/lib/firmware/intel-ucode"};
}

bool is_path_for_initrd(const std::string& path) {
    return !module_name_of_path(path).empty() || is_microcode(path);
}

Initrd build_initrd(const Recipe& recipe, const RootFiles& root, const std::string& kernel_release,
                    Bytes early_program, BlockCache* cache) {
    auto boot = find_boot_modules(root, kernel_release, recipe.modules, recipe.places);
    Initrd initrd;
    initrd.warnings = std::move(boot.warnings);

    std::vector<CpioMember> members;
    members.push_back({"init", std::move(early_program), 0755});
    add_firmware(members, root, boot.modules, initrd.warnings);
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
    const auto compressed = zstd_compressed(newc_archive(members), compression_level, cache);
    initrd.content.insert(initrd.content.end(), compressed.begin(), compressed.end());
    return initrd;
}

} // namespace quoin
