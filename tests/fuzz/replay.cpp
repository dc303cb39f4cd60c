// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target over a corpus as an ordinary test, with any compiler: each file as it is, cut
// at every length, and with every byte changed in a few ways. Binary inputs are kept as hex
// ("*.hex").
//   usage: replay CORPUS-DIRECTORY
#include "base/error.hpp"
#include "base/file.hpp"
#include "fuzz_target.hpp"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>

using namespace quoin;

static constexpr std::uint64_t max_input_size = 1 << 20;

static Bytes read_input(const std::filesystem::path& path) {
    if (path.extension() != ".hex")
        return read_file(path, max_input_size);
    std::string digits = read_text(path, max_input_size);
    std::erase_if(digits, [](unsigned char c) { return std::isspace(c) != 0; });
    const auto bytes = from_hex(digits);
    if (!bytes)
        throw Error("cannot read '" + path.string() + "': not hex");
    return *bytes;
}

static void try_variants(const Bytes& input) {
    LLVMFuzzerTestOneInput(input.data(), input.size());
    for (std::size_t size = 0; size < input.size(); ++size) {
        // A copy of its own, so that a sanitizer sees reads behind the end.
        const Bytes cut(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(size));
        LLVMFuzzerTestOneInput(cut.data(), cut.size());
    }
    Bytes changed = input;
    for (std::uint8_t& byte : changed) {
        const std::uint8_t good = byte;
        for (const int value : {0, 0xff, 0x7f, 0x80, good ^ 1, good + 1}) {
            byte = static_cast<std::uint8_t>(value);
            LLVMFuzzerTestOneInput(changed.data(), changed.size());
        }
        byte = good;
    }
}

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: replay CORPUS-DIRECTORY\n", stderr);
        return 2;
    }
    try {
        std::size_t inputs = 0;
        for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
            try_variants(read_input(entry.path()));
            ++inputs;
        }
        std::printf("%zu inputs replayed\n", inputs);
        return inputs > 0 ? 0 : 1;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "error: %s\n", e.what());
        return 1;
    }
}
