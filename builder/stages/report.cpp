// SPDX-License-Identifier: Apache-2.0
// The JSON's first fields are a contract (docs/man/quoin.1); the others may grow.
#include "builder/stages/report.hpp"

#include "base/file.hpp"
#include "base/region.hpp"
#include "base/units.hpp"
#include "builder/interruption.hpp"
#include "crypto/digest.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace quoin {

std::string BuildReport::json() const {
    nlohmann::json list = nlohmann::json::array();
    for (const auto& output : outputs)
        list.push_back({{"path", output.path}, {"size", output.size}, {"sha256", output.sha256}});
    const nlohmann::json report = {
        {"id", id},
        {"version", version},
        {"architecture", architecture},
        {"root_hash", root_hash},
        {"outputs", list},
        {"kernel", kernel},
        {"root_size", root_size},
        {"slot_size", slot_size},
        {"initrd_size", initrd_size},
        {"uki_size", uki_size},
        {"disk_size", disk_size},
        {"secure_boot", secure_boot},
        {"signers", signers},
        {"boot_modules", boot_modules},
        {"warnings", warnings},
    };
    return report.dump(2) + "\n";
}

std::string BuildReport::text() const {
    auto text = fmt::format("{} {} ({})\n", id, version, architecture);
    const auto line = [&](std::string_view label, const std::string& value) {
        text += fmt::format("  {:<10} {}\n", label, value);
    };
    line("root hash", root_hash);
    line("root", fmt::format("{} in slots of {}", format_size(root_size), format_size(slot_size)));
    line("kernel", fmt::format("{}, UKI {}{}", kernel, format_size(uki_size),
                               secure_boot ? ", signed for Secure Boot" : ""));
    line("initrd", fmt::format("{}, {} modules", format_size(initrd_size), boot_modules.size()));
    for (const auto& output : outputs)
        line("wrote", fmt::format("{} ({})", output.path, format_size(output.size)));
    return text;
}

BuiltOutput describe_output(FdRef file, const std::string& path) {
    const auto size = size_of(file, path);
    const Region region(file, 0, size, path);
    Sha256 hash;
    Bytes buffer(4 * MiB);
    for (std::uint64_t offset = 0; offset < size; offset += buffer.size()) {
        check_interruption();
        const auto part =
            ByteSpan(buffer).first(std::min<std::uint64_t>(buffer.size(), size - offset));
        region.read(part, offset);
        hash.update(part);
    }
    return {path, size, hash.finish().hex()};
}

} // namespace quoin
