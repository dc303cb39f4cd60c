// SPDX-License-Identifier: Apache-2.0
#include "agent/fetch/open_bundle.hpp"

#include <algorithm>

namespace quoin {

namespace {

std::string cannot_use(const BundleSource& source) {
    return "cannot use '" + source.name() + "'";
}

Error unusable(const BundleSource& source, const std::string& why) {
    return refused(cannot_use(source) + ": " + why);
}

} // namespace

OpenBundle open_bundle(BundleSource& source, const TrustAnchors& anchors) {
    OpenBundle bundle;
    Bytes& prefix = bundle.prefix;
    prefix.resize(first_read_size);
    prefix.resize(read_range(source, 0, prefix));
    if (prefix.size() < bundle_header_size)
        throw unusable(source, "it is too short for a bundle");

    bundle.header = in_context(cannot_use(source), [&] {
        return BundleHeader::parse(ByteView(prefix).first(bundle_header_size));
    });
    const std::uint64_t head_size = bundle.header.head_size();
    if (const std::size_t known = prefix.size(); known < head_size) {
        prefix.resize(head_size);
        source.start(known, head_size - known);
        read_on(source, ByteSpan(prefix).subspan(known));
    }
    bundle.manifest = in_context(cannot_use(source),
                                 [&] { return BundleHead::parse(prefix).authenticate(anchors); });

    if (const auto size = source.size())
        if (const auto mistake = bundle.header.mistake_in_size(bundle.manifest, *size))
            throw unusable(source, *mistake);
    source.expect_size(bundle.header.bundle_size(bundle.manifest));
    return bundle;
}

Bytes fetch_index(BundleSource& source, const OpenBundle& bundle) {
    Bytes index(bundle.header.index_size);
    const std::uint64_t start = bundle.header.index_offset();
    const auto known = std::min<std::uint64_t>(bundle.prefix.size() - start, index.size());
    std::copy_n(bundle.prefix.begin() + static_cast<std::ptrdiff_t>(start), known, index.begin());
    if (known < index.size()) {
        source.start(start + known, index.size() - known);
        read_on(source, ByteSpan(index).subspan(known));
    }
    if (sha256(index) != bundle.manifest.index_sha256)
        throw unusable(source, "its index is damaged");
    return index;
}

Contents fetch_contents(BundleSource& source, const OpenBundle& bundle, std::uint64_t chunk_count) {
    Bytes contents(bundle.manifest.contents_size);
    source.start(bundle.header.contents_offset(), contents.size());
    read_on(source, contents);
    if (sha256(contents) != bundle.manifest.contents_sha256)
        throw unusable(source, "its contents table is damaged");
    return Contents::parse(contents, chunk_count);
}

} // namespace quoin
