// SPDX-License-Identifier: Apache-2.0
#include "agent/steps/direct_read.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/units.hpp"
#include "release_fixture.hpp"
#include "support/catch.hpp"

#include <stdexcept>

using namespace quoin;
using namespace quoin::test;

namespace {

constexpr std::uint64_t region_size = 2 * MiB;

/// A region as far into a file as `start`.
struct RegionFile {
    explicit RegionFile(std::uint64_t start_of_region) : start(start_of_region) {
        pwrite_all(fd, content, start, path);
    }

    [[nodiscard]] Region region() const { return {fd, start, region_size, "slot 'b'"}; }
    [[nodiscard]] Bytes part(std::uint64_t offset, std::uint64_t size) const {
        const ByteView view = ByteView(content).subspan(offset, size);
        return {view.begin(), view.end()};
    }

    std::uint64_t start;
    TemporaryDirectory directory;
    std::string path = directory.path() + "/disk";
    UniqueFd fd = open_file(path, O_RDWR | O_CREAT);
    Bytes content = noise(4, region_size);
};

/// What stream() hands on, put together.
Bytes streamed(DirectReader& reader, std::uint64_t offset, std::uint64_t size) {
    Bytes all;
    reader.stream(offset, size, [&all](ByteView piece) {
        CHECK(piece.size() <= read_buffer_size);
        all.insert(all.end(), piece.begin(), piece.end());
    });
    return all;
}

/// Whether it was done directly.
bool check_reads(const RegionFile& file) {
    DirectReader reader(file.region());
    CHECK((streamed(reader, 0, region_size) == file.content));
    // Neither the start nor the end is a buffer's.
    CHECK((streamed(reader, 4096, MiB) == file.part(4096, MiB)));
    CHECK(streamed(reader, 8192, 0).empty());
    Bytes out(3 * read_buffer_size + 4096);
    reader.read(out, 12288);
    CHECK((out == file.part(12288, out.size())));
    return reader.direct();
}

} // namespace

TEST_CASE("a region is read from the medium in order, whatever the pieces") {
    if (!check_reads(RegionFile(MiB)))
        WARN("this file system has no O_DIRECT: only the way through the page cache was tested");
}

TEST_CASE("a region that direct reads cannot reach is read through the page cache") {
    if (check_reads(RegionFile(100)))
        WARN("this file system takes direct reads anywhere: only those were tested");
}

TEST_CASE("reading back wants whole blocks inside the region, and hands on nothing else") {
    const RegionFile file(0);
    DirectReader reader(file.region());
    const auto stream = [&](std::uint64_t offset, std::uint64_t size) {
        reader.stream(offset, size, [](ByteView) { FAIL("handed on"); });
    };
    CHECK_THROWS_AS(stream(100, 4096), Error);
    CHECK_THROWS_AS(stream(0, 100), Error);
    CHECK_THROWS_AS(stream(region_size, 4096), Error);
    CHECK_THROWS_AS(stream(4096, UINT64_MAX - 4095), Error);
}

TEST_CASE("a medium that ends early and a caller that stops end the read in order") {
    const RegionFile file(0);
    DirectReader beyond(Region(file.fd, 0, region_size + 4096, "slot 'b'"));
    CHECK_THROWS_WITH(streamed(beyond, 0, region_size + 4096),
                      Catch::Contains("slot 'b'") && Catch::Contains("ends early"));

    DirectReader reader(file.region());
    CHECK_THROWS_AS(reader.stream(0, region_size, [](ByteView) { throw std::runtime_error(""); }),
                    std::runtime_error);
    CHECK((streamed(reader, 0, region_size) == file.content));
}
