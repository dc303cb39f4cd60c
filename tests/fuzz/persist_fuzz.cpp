// SPDX-License-Identifier: Apache-2.0
// The list of persistent directories in the initrd.
#include "early/seeding.hpp"
#include "fuzz_target.hpp"

using namespace quoin;

static void check_list(ByteView input) {
    const std::vector<std::string> paths = early::parse_persistent_directories(text_of(input));
    fuzz::require(std::ranges::is_sorted(paths));
    fuzz::require(std::ranges::adjacent_find(paths) == paths.end());
    std::string text;
    for (const std::string& path : paths) {
        const std::string framed = path + "/";
        fuzz::require(path.starts_with('/') && path.size() > 1);
        fuzz::require(path.find('\0') == std::string::npos);
        for (const char* bad : {"//", "/./", "/../"})
            fuzz::require(framed.find(bad) == std::string::npos);
        text += path + "\n";
    }
    fuzz::require(fuzz::must([&] { return early::parse_persistent_directories(text); }) == paths);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run(check_list, {data, size});
}
