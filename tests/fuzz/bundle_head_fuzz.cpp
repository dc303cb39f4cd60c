// SPDX-License-Identifier: Apache-2.0
// What the first request for a bundle brings, before any signature was checked.
#include "base/error.hpp"
#include "bundle/head.hpp"
#include "fuzz_target.hpp"

#include <algorithm>

using namespace quoin;

static void check_head(ByteView input) {
    const BundleHead head = BundleHead::parse(input);
    // Whatever is accepted has one encoding: nothing in it is overlooked.
    const Bytes header = head.header.serialize();
    const Bytes signatures = serialize_signatures(head.signatures);
    fuzz::require(std::ranges::equal(header, input.first(bundle_header_size)));
    fuzz::require(std::ranges::equal(
        signatures, input.subspan(bundle_header_size, head.header.signatures_size)));
    fuzz::require(head.manifest_text.size() == head.header.manifest_size);
    fuzz::require(head.header.contents_offset() >= head.header.data_offset());
    const Manifest manifest = head.unauthenticated();
    fuzz::require(manifest.data_size == head.header.data_size);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run(check_head, {data, size});
}
