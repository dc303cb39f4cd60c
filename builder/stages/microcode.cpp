// SPDX-License-Identifier: Apache-2.0
// https://docs.kernel.org/arch/x86/microcode.html, "Early load microcode".
#include "builder/stages/microcode.hpp"

#include "builder/stages/archive.hpp"

#include <algorithm>
#include <array>

namespace quoin {
namespace {

struct Vendor {
    std::string_view directory;
    std::string_view member;
};
constexpr std::array<Vendor, 2> vendors = {{
    {"usr/lib/firmware/amd-ucode/", "kernel/x86/microcode/AuthenticAMD.bin"},
    {"usr/lib/firmware/intel-ucode/", "kernel/x86/microcode/GenuineIntel.bin"},
}};

/// The directories also hold licences and detached signatures.
bool is_microcode(std::string_view name) {
    return !name.ends_with(".asc") && !name.ends_with(".txt") && name.find("README") == name.npos &&
           name.find("LICENSE") == name.npos && name.find('/') == name.npos;
}

} // namespace

Bytes microcode_archive(const RootFiles& root) {
    auto paths = root.paths;
    std::ranges::sort(paths);
    std::vector<CpioMember> members;
    for (const auto& vendor : vendors) {
        Bytes joined;
        for (const auto& path : paths) {
            if (!path.starts_with(vendor.directory) ||
                !is_microcode(std::string_view(path).substr(vendor.directory.size())))
                continue;
            if (const auto content = root.read(path)) {
                const auto plain = decompressed(*content, path);
                joined.insert(joined.end(), plain.begin(), plain.end());
            }
        }
        if (!joined.empty())
            members.push_back({std::string(vendor.member), std::move(joined)});
    }
    return members.empty() ? Bytes{} : newc_archive(members);
}

} // namespace quoin
