// SPDX-License-Identifier: Apache-2.0
// Unified kernel images (UAPI.5): a PE stub with sections appended. Written on the host, read on the
// node. docs/formats/uki.md.
#pragma once

#include "base/bytes.hpp"

#include <string>
#include <vector>

namespace quoin {

struct UkiSection {
    std::string name; ///< ".linux", at most 8 characters
    Bytes content;
};

/// The stub with the sections added in order: 4 KiB-aligned virtual addresses above the stub's end,
/// exact VirtualSize, checksum zero, unsigned. Throws Error(refused) when `stub` is not a PE image
/// with room for the headers.
[[nodiscard]] Bytes assemble_uki(ByteView stub, const std::vector<UkiSection>& sections);

/// Where a section lies in the file.
struct UkiSectionPlace {
    std::string name;
    std::uint64_t offset = 0;
    std::uint64_t size = 0; ///< VirtualSize: the exact length
};

/// Every section of a PE image, bounds checked. Throws Error(refused) on anything malformed.
[[nodiscard]] std::vector<UkiSectionPlace> uki_sections(ByteView uki);

/// One section's content; empty when absent.
[[nodiscard]] Bytes uki_section(ByteView uki, std::string_view name);

/// The value of `key=` on a kernel command line (double quotes understood); nothing when absent.
[[nodiscard]] std::optional<std::string> command_line_value(std::string_view command_line,
                                                            std::string_view key);

} // namespace quoin
