// SPDX-License-Identifier: Apache-2.0
// What a Debian archive says about itself. The archive's signature is checked by apt; all the same,
// a package that is taken from it can be pinned in a lock, and read from there again.
#include "builder/lock/apt_index.hpp"
#include "fuzz_target.hpp"

using namespace quoin;

static void check_pinning(const PinnedPackage& package) {
    Lock lock;
    lock.boot_files.push_back({"stub", package, package.sha256});
    lock.debian = DebianPins{{}, 0, {package}};
    const Lock again = Lock::parse(lock.serialize(), "input");
    fuzz::require(again.debian->packages.front().identity() == package.identity());
    fuzz::require(again.debian->packages.front().sha256 == package.sha256);
}

static void check_index(ByteView input) {
    const std::string_view text = text_of(input);
    fuzz::require(release_time(text) >= 0);
    std::size_t size = 0;
    each_stanza(text, [&](std::string_view stanza) {
        fuzz::require(stanza.find("\n\n") == std::string_view::npos);
        size += stanza.size();
        if (const auto package = package_in(stanza))
            check_pinning(*package);
    });
    fuzz::require(size <= text.size());
    if (const auto named = package_named(text))
        fuzz::require(named->name.size() + named->version.size() < text.size());
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run(check_index, {data, size}, {});
}
