// SPDX-License-Identifier: Apache-2.0
// Column by column, since like numbers beside each other compress to half of what rows do.
#include "base/error.hpp"
#include "base/units.hpp"
#include "bundle/contents.hpp"
#include "bundle/contents_layout.hpp"

#include <map>
#include <memory>
#include <zstd.h>

namespace quoin {

namespace {

constexpr int compression_level = 17; // 19: 2 % smaller in four times the time

void append(Bytes& out, ByteView bytes) {
    out.insert(out.end(), bytes.begin(), bytes.end());
}

void append_name(Bytes& text, std::string_view name) {
    if (name.find('\0') != std::string_view::npos)
        throw refused("cannot make a contents table: a name holds a zero byte");
    append(text, bytes_of(name));
    text.push_back(0);
}

template <typename Number, typename Field>
void append_column(Bytes& out, const std::vector<ContentsEntry>& entries, Field field) {
    for (const ContentsEntry& entry : entries)
        append(out, view_of(Number(field(entry))));
}

/// Every package once, in the order of names, with its number.
std::map<std::string_view, std::uint16_t>
number_packages(const std::vector<ContentsEntry>& entries) {
    std::map<std::string_view, std::uint16_t> numbers;
    for (const ContentsEntry& entry : entries)
        if (!entry.package.empty())
            numbers.emplace(entry.package, 0);
    if (numbers.size() >= no_package)
        throw refused("cannot make a contents table: too many packages");
    std::uint16_t next = 0;
    for (auto& [name, number] : numbers)
        number = next++;
    return numbers;
}

/// To the end of `out`.
void append_compressed(Bytes& out, ByteView plain) {
    const std::size_t room = ZSTD_compressBound(plain.size());
    // Not cleared: what compressing does not touch takes no memory.
    const std::unique_ptr<std::uint8_t[]> compressed(new std::uint8_t[room]);
    const std::size_t size =
        ZSTD_compress(compressed.get(), room, plain.data(), plain.size(), compression_level);
    if (ZSTD_isError(size) != 0)
        throw Error(std::string("cannot compress the contents table: ") + ZSTD_getErrorName(size));
    append(out, {compressed.get(), size});
}

} // namespace

Bytes Contents::serialize() && {
    const auto packages = number_packages(entries);
    std::uint64_t plain_size = entries.size() * contents_row_size;
    for (const auto& [name, number] : packages)
        plain_size += name.size() + 1;
    for (const ContentsEntry& entry : entries)
        plain_size += entry.name.size() + 1;
    if (plain_size > max_contents_memory)
        throw refused("cannot make a contents table of " + std::to_string(entries.size()) +
                      " entries: it would take more than " + format_size(max_contents_memory));

    Bytes plain;
    plain.reserve(plain_size);
    for (const auto& [name, number] : packages)
        append_name(plain, name);
    for (const ContentsEntry& entry : entries)
        append_name(plain, entry.name);

    ContentsHeader header{};
    header.magic = contents_magic;
    header.format = contents_format;
    header.packages = static_cast<std::uint32_t>(packages.size());
    header.entries = static_cast<std::uint32_t>(entries.size());
    header.text_size = static_cast<std::uint32_t>(plain.size());

    using Entry = ContentsEntry;
    append_column<le32>(plain, entries, [](const Entry& entry) { return entry.content; });
    append_column<le16>(plain, entries, [&](const Entry& entry) {
        return entry.package.empty() ? no_package : packages.at(entry.package);
    });
    append_column<le16>(plain, entries, [](const Entry& entry) { return entry.generation; });
    append_column<le32>(plain, entries, [](const Entry& entry) { return entry.first_chunk; });
    append_column<le32>(plain, entries, [](const Entry& entry) { return entry.chunks; });
    append_column<le32>(plain, entries, [](const Entry& entry) { return entry.tail_chunk; });
    append_column<le32>(plain, entries, [](const Entry& entry) { return entry.tail_size; });

    std::vector<ContentsEntry>().swap(entries); // `= {}` would keep their memory
    texts.reset();
    Bytes out;
    append(out, view_of(header));
    append_compressed(out, plain);
    if (out.size() > max_contents_size)
        throw refused("cannot make a contents table of " + std::to_string(header.entries) +
                      " entries: it takes more than " + format_size(max_contents_size) +
                      " compressed");
    return out;
}

} // namespace quoin
