// SPDX-License-Identifier: Apache-2.0
// A lock file, which people merge by hand: what is accepted can be written, and is the same then.
#include "builder/lock/lock.hpp"
#include "fuzz_target.hpp"

using namespace quoin;

/// Nothing that would end a line of apt's configuration, or lead out of a directory.
static bool is_word(const std::string& text) {
    return std::ranges::none_of(text, [](char c) {
        return static_cast<unsigned char>(c) <= ' ' || c == '/' || c == '\x7f';
    });
}

static bool is_harmless(const PinnedPackage& package) {
    return is_word(package.name) && is_word(package.version) && is_word(package.architecture);
}

static void check_lock(ByteView input) {
    const Lock lock = Lock::parse(text_of(input), "input");
    fuzz::require(!lock.boot_files.empty());
    for (const PinnedBootFile& file : lock.boot_files)
        fuzz::require(is_word(file.file) && is_harmless(file.package));
    if (lock.debian) {
        fuzz::require(lock.debian->time >= 0 && !lock.debian->packages.empty());
        fuzz::require(std::ranges::all_of(lock.debian->packages, is_harmless));
    }
    const std::string text = lock.serialize();
    fuzz::require(fuzz::must([&] { return Lock::parse(text, "again"); }).serialize() == text);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run(check_lock, {data, size});
}
