// SPDX-License-Identifier: Apache-2.0
// Apart from the writer, so that the agent links no compressor.
#include "base/error.hpp"
#include "bundle/contents.hpp"
#include "bundle/contents_layout.hpp"

#include <algorithm>
#include <zstd.h>

namespace quoin {

namespace {

Error damaged(const std::string& why) {
    return refused("damaged contents table: " + why);
}

/// Takes from the front of what it was given; the caller has checked that there is enough.
class Taker {
  public:
    explicit Taker(ByteView bytes) : rest_(bytes) {}

    std::string_view name() {
        const auto end = std::ranges::find(rest_, 0);
        if (end == rest_.end())
            throw damaged("a name does not end");
        const auto length = static_cast<std::size_t>(end - rest_.begin());
        const std::string_view name = text_of(rest_.first(length));
        rest_ = rest_.subspan(length + 1);
        return name;
    }

    template <typename Number, typename Field>
    void column(std::vector<ContentsEntry>& entries, Field field) {
        for (ContentsEntry& entry : entries) {
            field(entry, load<Number>(rest_));
            rest_ = rest_.subspan(sizeof(Number));
        }
    }

    [[nodiscard]] bool empty() const { return rest_.empty(); }

  private:
    ByteView rest_;
};

ContentsHeader read_header(ByteView bytes) {
    if (bytes.size() < sizeof(ContentsHeader))
        throw damaged("it ends early");
    if (bytes.size() > max_contents_size)
        throw damaged("it is too large");
    const auto header = load<ContentsHeader>(bytes);
    if (header.magic != contents_magic)
        throw refused("this is not a contents table: wrong magic");
    if (header.format != contents_format)
        throw refused("cannot read contents table: format " + std::to_string(header.format) +
                      " is not known");
    if (!all_zero(header.reserved))
        throw damaged("reserved bytes are set");
    // Every name takes a byte at least, so that neither number promises more than there can be.
    if (header.packages >= no_package ||
        std::uint64_t{header.packages} + header.entries > header.text_size)
        throw damaged("impossible numbers of packages and entries");
    return header;
}

Bytes decompress(ByteView frame, std::uint64_t size) {
    if (size > max_contents_memory)
        throw damaged("it is too large when decompressed");
    Bytes plain(size);
    const std::size_t result =
        ZSTD_decompress(plain.data(), plain.size(), frame.data(), frame.size());
    if (ZSTD_isError(result) != 0 || result != size)
        throw damaged("it does not decompress to the size that it says");
    return plain;
}

void check(const ContentsEntry& entry, std::uint64_t chunk_count) {
    if (std::uint64_t{entry.first_chunk} + entry.chunks > chunk_count ||
        (entry.tail_chunk != ContentsEntry::no_tail && entry.tail_chunk >= chunk_count))
        throw damaged("an entry names a chunk that the index has not");
}

} // namespace

Contents Contents::parse(ByteView bytes, std::uint64_t chunk_count) {
    const ContentsHeader header = read_header(bytes);
    const std::uint64_t columns = header.entries * contents_row_size;
    const auto plain = std::make_shared<const Bytes>(
        decompress(bytes.subspan(sizeof(ContentsHeader)), header.text_size + columns));

    Taker text(ByteView(*plain).first(header.text_size));
    std::vector<std::string_view> packages(header.packages);
    for (std::string_view& package : packages)
        package = text.name();
    Contents contents;
    contents.texts = plain;
    auto& entries = contents.entries;
    entries.resize(header.entries);
    for (ContentsEntry& entry : entries)
        entry.name = text.name();
    if (!text.empty())
        throw damaged("there are more names than entries");

    using Entry = ContentsEntry;
    Taker rows(ByteView(*plain).subspan(header.text_size));
    rows.column<le32>(entries, [](Entry& entry, std::uint32_t value) { entry.content = value; });
    rows.column<le16>(entries, [&](Entry& entry, std::uint16_t value) {
        if (value != no_package && value >= packages.size())
            throw damaged("an entry names a package that it has not");
        entry.package = value == no_package ? std::string_view() : packages[value];
    });
    rows.column<le16>(entries, [](Entry& entry, std::uint16_t value) { entry.generation = value; });
    rows.column<le32>(entries,
                      [](Entry& entry, std::uint32_t value) { entry.first_chunk = value; });
    rows.column<le32>(entries, [](Entry& entry, std::uint32_t value) { entry.chunks = value; });
    rows.column<le32>(entries, [](Entry& entry, std::uint32_t value) { entry.tail_chunk = value; });
    rows.column<le32>(entries, [](Entry& entry, std::uint32_t value) { entry.tail_size = value; });
    for (const ContentsEntry& entry : entries)
        check(entry, chunk_count);
    return contents;
}

} // namespace quoin
