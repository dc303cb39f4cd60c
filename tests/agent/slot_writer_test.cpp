// SPDX-License-Identifier: Apache-2.0
#include "agent/steps/slot_writer.hpp"

#include "base/file.hpp"
#include "base/units.hpp"
#include "release_fixture.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <utility>
#include <vector>

using namespace quoin;
using namespace quoin::test;

namespace {

constexpr std::uint64_t slot_size = 5 * MiB;

/// A slot in a file, as far into it as `start`; what lies around it must stay.
struct SlotFile {
    explicit SlotFile(std::uint64_t start_of_slot) : start(start_of_slot) {
        pwrite_all(fd, expected, 0, path);
    }

    /// Puts the pieces, [start, end) of the slot each, and says whether it was done directly.
    bool put(const std::vector<std::pair<std::uint64_t, std::uint64_t>>& pieces) {
        const Bytes content = noise(2, slot_size);
        SlotWriter writer(Region(fd, start, slot_size, "slot 'b'"));
        std::uint64_t written = 0;
        for (const auto& [from, to] : pieces) {
            writer.put(from, ByteView(content).subspan(from, to - from));
            std::copy(content.begin() + static_cast<std::ptrdiff_t>(from),
                      content.begin() + static_cast<std::ptrdiff_t>(to),
                      expected.begin() + static_cast<std::ptrdiff_t>(start + from));
            written += to - from;
        }
        writer.finish();
        CHECK(writer.written() == written);
        return writer.direct();
    }

    [[nodiscard]] Bytes content() const { return read_file(path, expected.size()); }

    std::uint64_t start;
    TemporaryDirectory directory;
    std::string path = directory.path() + "/disk";
    UniqueFd fd = open_file(path, O_RDWR | O_CREAT);
    Bytes expected = noise(1, slot_size + 2 * MiB);
};

const std::vector<std::pair<std::uint64_t, std::uint64_t>> odd_pieces = {
    {0, 100},                                                   // within one block
    {100, 5000},                                                // over its end
    {5000, 3 * MiB + 17},                                       // over many buffers
    {10 * direct_buffer_size - 1, 10 * direct_buffer_size + 1}, // over a buffer's end
    {3 * MiB + 4096, 3 * MiB + 3 * 4096},                       // back, whole blocks
    {3 * MiB + 17, 3 * MiB + 4096},                             // the gap before them
    {slot_size - 4097, slot_size},                              // to the last byte
};

} // namespace

TEST_CASE("pieces of any size and order arrive where they belong, and nothing else changes") {
    SlotFile slot(1 * MiB);
    const bool direct = slot.put(odd_pieces);
    CHECK((slot.content() == slot.expected));
    if (!direct)
        WARN("this file system has no O_DIRECT: only the way through the page cache was tested");
}

TEST_CASE("a slot that direct writes cannot reach is written through the page cache") {
    SlotFile slot(100);
    if (slot.put(odd_pieces))
        WARN("this file system takes direct writes anywhere: only those were tested");
    CHECK((slot.content() == slot.expected));
}

TEST_CASE("a write that fails is told, at the latest when everything must be there") {
    const UniqueFd full = open_file("/dev/full", O_RDWR);
    const auto put = [&](std::uint64_t size) {
        const Bytes content = noise(3, size);
        SlotWriter writer(Region(full, 0, slot_size, "slot 'b'"));
        writer.put(0, content);
        writer.put(size, content);
        writer.finish();
    };
    CHECK_THROWS_WITH(put(100), Catch::Contains("slot 'b'") && Catch::Contains("No space left"));
    CHECK_THROWS_WITH(put(MiB), Catch::Contains("slot 'b'") && Catch::Contains("No space left"));
}
