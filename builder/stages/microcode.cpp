// SPDX-License-Identifier: Apache-2.0
// https://docs.kernel.org/arch/x86/microcode.html, "Early load microcode".
#include "builder/stages/microcode.hpp"

#include "builder/stages/archive.hpp"

#include <algorithm>
#include <array>
#include <iterator>

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
bool is_microcode_of(const Vendor& vendor, std::string_view path) {
    if (!path.starts_with(vendor.directory))
        return false;
    const std::string_view name = path.substr(vendor.directory.size());
    return !name.ends_with(".asc") && !name.ends_with(".txt") && name.find("README") == name.npos &&
           name.find("LICENSE") == name.npos && name.find('/') == name.npos;
}

} // namespace

bool is_microcode(const std::string& path) {
    return std::ranges::any_of(
        vendors, [&path](const Vendor& vendor) { return is_microcode_of(vendor, path); });
}

Bytes microcode_archive(const RootFiles& root) {
    std::vector<std::string> paths;
    std::ranges::copy_if(root.paths, std::back_inserter(paths), is_microcode);
    std::ranges::sort(paths);
    std::vector<CpioMember> members;
    for (const auto& vendor : vendors) {
        Bytes joined;
        for (const auto& path : paths) {
            if (!is_microcode_of(vendor, path))
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
