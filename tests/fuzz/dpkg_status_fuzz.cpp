// SPDX-License-Identifier: Apache-2.0
// dpkg's status file out of a root that `diff` reads.
#include "builder/artifacts/compare_releases.hpp"
#include "fuzz_target.hpp"

using namespace quoin;

static void check_status(ByteView input) {
    const std::string_view text = text_of(input);
    const Packages packages = parse_dpkg_status(text);
    std::size_t size = 0;
    for (const auto& [name, version] : packages) {
        fuzz::require(!name.empty() && name.find('\n') == std::string::npos);
        fuzz::require(text.find(version) != std::string::npos);
        size += name.size() + version.size();
    }
    fuzz::require(size <= text.size());
    // Each package is one that was there, so nothing changed.
    fuzz::require(compare_packages(packages, packages).empty());
    fuzz::require(compare_packages({}, packages).size() <= packages.size());
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run(check_status, {data, size}, {});
}
