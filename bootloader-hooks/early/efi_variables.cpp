// SPDX-License-Identifier: Apache-2.0
#include "early/efi_variables.hpp"

#include "base/error.hpp"
#include "base/file.hpp"

namespace quoin::early {

static constexpr std::string_view loader_vendor = "-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";
static constexpr std::size_t attribute_bytes = 4;
static constexpr std::uint64_t largest_variable = 4096;

std::optional<Uuid> uuid_from_variable(ByteView content) {
    if (content.size() < attribute_bytes)
        return std::nullopt;
    content = content.subspan(attribute_bytes);
    std::string text;
    for (std::size_t i = 0; i + 1 < content.size(); i += 2) {
        const unsigned unit = content[i] | static_cast<unsigned>(content[i + 1]) << 8;
        if (unit == 0)
            break;
        if (unit > 0x7f)
            return std::nullopt;
        text += static_cast<char>(unit);
    }
    return Uuid::parse(text);
}

/// The root's own UUID finds the disk as well: what firmware cannot read, or what is no variable of
/// a loader, must not end the boot.
static std::optional<Uuid> read_uuid(const std::string& path) {
    try {
        return uuid_from_variable(read_file(path, largest_variable));
    } catch (const Error&) {
        return std::nullopt;
    }
}

LoaderReport read_loader_report(const std::string& efivars_directory) {
    LoaderReport report;
    const auto path_of = [&](std::string_view variable) {
        return efivars_directory + "/" + std::string(variable) + std::string(loader_vendor);
    };
    if (const std::string path = path_of("LoaderDevicePartUUID"); exists(path))
        report.esp = read_uuid(path);
    report.counted = exists(path_of("LoaderBootCountPath"));
    return report;
}

} // namespace quoin::early
