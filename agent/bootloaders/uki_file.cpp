// SPDX-License-Identifier: Apache-2.0
#include "agent/bootloaders/uki_file.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/handle.hpp"
#include "base/units.hpp"
#include "crypto/digest.hpp"
#include "disk/uki.hpp"

#include <algorithm>
#include <cstdlib>

namespace quoin {

namespace {

constexpr std::uint64_t headers_size = 4 * KiB;
constexpr std::uint64_t max_uki_size = 1 * GiB;
constexpr std::uint64_t max_command_line = 64 * KiB;

} // namespace

bool starts_a_program(ByteView first_sector) {
    return first_sector.size() >= 2 && first_sector[0] == 'M' && first_sector[1] == 'Z';
}

std::optional<std::string> root_hash_in(FdRef uki, const std::string& name) {
    try {
        const std::uint64_t size = size_of(uki, name);
        if (size < first_sector_size || size > max_uki_size)
            return std::nullopt;
        // Sections are checked against the whole file, so the parser gets a view of that size; of
        // untouched zero pages the kernel keeps none in memory.
        const std::unique_ptr<std::uint8_t, FreeWith<std::free>> memory(
            static_cast<std::uint8_t*>(std::calloc(1, size)));
        if (!memory)
            return std::nullopt;
        const ByteSpan image(memory.get(), size);
        pread_exact(uki, image.first(std::min(size, headers_size)), 0, name);
        for (const UkiSectionPlace& section : uki_sections(image)) {
            if (section.name != ".cmdline" || section.size > max_command_line)
                continue;
            const ByteSpan content = image.subspan(section.offset, section.size);
            pread_exact(uki, content, section.offset, name);
            const auto root_hash = command_line_value(text_of(content), "roothash");
            return root_hash && Digest::parse(*root_hash) ? root_hash : std::nullopt;
        }
    } catch (const Error&) {
        // Whoever lists entries must see a damaged one too: as one that starts no known system.
    }
    return std::nullopt;
}

} // namespace quoin
