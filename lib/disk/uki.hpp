// SPDX-License-Identifier: Apache-2.0
// Unified kernel images (UAPI.5): a PE stub with sections appended. Written on the host, read on
// the node. docs/formats/uki.md.
#pragma once

#include "base/bytes.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quoin {

struct UkiSection {
    std::string name; ///< ".linux", at most 8 characters
    Bytes content;    ///< not empty: a loader takes an empty section for an absent one
};

/// The stub with the sections added in order: 4 KiB-aligned virtual addresses above the stub's end,
/// exact VirtualSize, checksum zero, unsigned, a multiple of 8 bytes long so that a signature can
/// be appended. The stub's symbol table is left out. Throws Error(refused) when `stub` is not an
/// unsigned PE image with room for the headers, or has a section of the same name.
[[nodiscard]] Bytes assemble_uki(ByteView stub, const std::vector<UkiSection>& sections);

/// Where a section lies in the file.
struct UkiSectionPlace {
    std::string name;
    std::uint64_t offset = 0;
    /// VirtualSize, the exact length; less where a stub's section is longer in memory than in the
    /// file (the rest is zeros).
    std::uint64_t size = 0;
};

/// Every section of a PE image, bounds checked. Throws Error(refused) on anything malformed.
[[nodiscard]] std::vector<UkiSectionPlace> uki_sections(ByteView uki);

/// One section's content; empty when absent.
[[nodiscard]] Bytes uki_section(ByteView uki, std::string_view name);

/// Whether a PE image has Secure Boot signatures and is as long as its header says of them. What
/// they are worth is not looked at. Throws Error(refused) on anything malformed.
[[nodiscard]] bool has_whole_signatures(ByteView pe);

/// The value of `key=` on a kernel command line (double quotes understood); nothing when absent.
/// Throws Error(refused) when it is given twice: which one holds depends on who reads.
[[nodiscard]] std::optional<std::string> command_line_value(std::string_view command_line,
                                                            std::string_view key);

} // namespace quoin
