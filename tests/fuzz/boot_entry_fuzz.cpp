// SPDX-License-Identifier: Apache-2.0
// Names on the ESP, where anybody may have written.
#include "disk/boot_entry.hpp"
#include "fuzz_target.hpp"

using namespace quoin;

static void check_name(ByteView input) {
    const auto entry = BootEntryName::parse(text_of(input));
    if (!entry)
        return;
    fuzz::require(entry->id.find('/') == std::string::npos && !entry->id.empty());
    fuzz::require(entry->version.find('/') == std::string::npos && !entry->version.empty());
    // Written as we write it, it is the same entry.
    fuzz::require(BootEntryName::parse(entry->file_name()) == entry);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run(check_name, {data, size});
}
