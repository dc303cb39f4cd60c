// SPDX-License-Identifier: Apache-2.0
// Choosing a source, and reading whole buffers from any.
#include "agent/fetch/bundle_source.hpp"

#include "agent/fetch/file_source.hpp"
#include "agent/fetch/http_source.hpp"

namespace quoin {

namespace {

std::size_t fill(BundleSource& source, ByteSpan out) {
    std::size_t done = 0;
    while (done < out.size()) {
        const std::size_t count = source.read(out.subspan(done));
        if (count == 0)
            break;
        done += count;
    }
    return done;
}

} // namespace

Error over_budget(std::uint64_t most_bytes) {
    return refused("cannot go on: more than the " + std::to_string(most_bytes) +
                   " bytes that are allowed would have to be fetched; --dry-run says how many");
}

std::unique_ptr<BundleSource> open_source(const std::string& path_or_url,
                                          const FetchOptions& options) {
    if (Url::has_scheme(path_or_url))
        return std::make_unique<HttpSource>(Url::parse(path_or_url), options);
    return std::make_unique<FileSource>(path_or_url, options.most_bytes);
}

std::size_t read_range(BundleSource& source, std::uint64_t offset, ByteSpan out) {
    source.start(offset, out.size());
    return fill(source, out);
}

void read_on(BundleSource& source, ByteSpan out) {
    if (fill(source, out) < out.size())
        throw refused("cannot read '" + source.name() + "': the file ends early");
}

} // namespace quoin
