// SPDX-License-Identifier: Apache-2.0
// systemd 252's stub knows .linux, .osrel, .cmdline and .initrd; .uname is for people and tools.
#include "builder/stages/uki.hpp"

#include "builder/stages/boot_files.hpp"
#include "disk/uki.hpp"

#include <fmt/format.h>

namespace quoin {
namespace {

UkiSection section(std::string name, std::string_view content) {
    return {std::move(name), Bytes(content.begin(), content.end())};
}

} // namespace

std::string kernel_command_line(const Recipe& recipe, const Digest& root_hash,
                                const VerityParameters& verity, std::uint64_t root_size) {
    // panic=10: Debian's kernels would hang for ever, and no try would be counted.
    // gpt: without it Linux shows no partitions when the primary table is torn.
    // systemd.verity=no and gpt_auto=0: the root is open already, systemd must not look for it.
    auto line = fmt::format("roothash={} quoin.salt={} quoin.blocks={} ro panic=10 gpt "
                            "systemd.verity=no systemd.gpt_auto=0 console=tty0 console={}",
                            root_hash.hex(), to_hex(verity.salt), root_size / verity_block_size,
                            recipe.console);
    if (!recipe.command_line.empty())
        line += " " + recipe.command_line;
    return line;
}

Bytes build_uki(const Recipe& recipe, const RootImage& root, const Initrd& initrd,
                const std::string& command_line) {
    const auto stub = read_boot_file(stub_file, recipe);
    return assemble_uki(stub, {section(".osrel", root.os_release),
                               section(".cmdline", command_line),
                               section(".uname", root.kernel_release),
                               {".initrd", initrd.content},
                               {".linux", root.kernel}});
}

} // namespace quoin
