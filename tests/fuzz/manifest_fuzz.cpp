// SPDX-License-Identifier: Apache-2.0
// A manifest is only parsed once it is trusted; it must be harmless all the same.
#include "bundle/manifest.hpp"
#include "fuzz_target.hpp"

using namespace quoin;

static void check_manifest(ByteView input) {
    const Manifest manifest = Manifest::parse(text_of(input));
    fuzz::require(manifest.serialize() == text_of(input));
    fuzz::require(manifest.id.find('/') == std::string::npos);
    fuzz::require(manifest.version.find('/') == std::string::npos);
    fuzz::require(manifest.data_size == manifest.root_size + manifest.uki_size);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run(check_manifest, {data, size});
}
