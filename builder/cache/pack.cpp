// SPDX-License-Identifier: Apache-2.0
#include "builder/cache/pack.hpp"

#include "base/error.hpp"
#include "disk/slot_index.hpp"

#include <algorithm>
#include <atomic>

namespace quoin {

namespace {

struct StoredRecord {
    std::array<std::uint8_t, 32> key;
    std::array<std::uint8_t, 16> check;
    le64 offset;
    le32 size;
    le32 zero;
};
static_assert(sizeof(StoredRecord) == 64);

/// The last 64 bytes of a pack.
struct Footer {
    std::array<char, 8> magic;
    le32 format;
    le32 zero;
    le64 records;
    le64 index_offset;
    std::array<std::uint8_t, 32> index_sha256;
};
static_assert(sizeof(Footer) == 64);

constexpr std::array<char, 8> magic = {'Q', 'U', 'O', 'I', 'N', 'P', 'A', 'K'};
constexpr std::uint32_t format = 1;
constexpr std::uint64_t most_records = 1 << 22; // 256 MiB of index: more is no pack of ours

constexpr std::string_view prefix = "blocks-";
constexpr std::string_view suffix = ".pack";
constexpr std::size_t name_digits = 32;

std::vector<PackRecord> parse_index(ByteView bytes) {
    std::vector<PackRecord> records(bytes.size() / sizeof(StoredRecord));
    for (PackRecord& record : records) {
        const auto stored = load<StoredRecord>(bytes);
        record = {{stored.key}, stored.check, stored.offset, stored.size};
        bytes = bytes.subspan(sizeof(StoredRecord));
    }
    return records;
}

Bytes serialize_index(const std::vector<PackRecord>& records) {
    Bytes bytes;
    bytes.reserve(records.size() * sizeof(StoredRecord));
    for (const PackRecord& record : records) {
        const StoredRecord stored{record.key.bytes, record.check, record.offset, record.size, 0U};
        const ByteView view = view_of(stored);
        bytes.insert(bytes.end(), view.begin(), view.end());
    }
    return bytes;
}

/// Several packs may be under construction in one process.
std::string unnamed_pack(const std::string& directory) {
    static std::atomic<unsigned> number = 0;
    return directory + "/" + std::string(prefix) + std::to_string(number++);
}

} // namespace

std::optional<Pack> Pack::open(const std::string& path) {
    try {
        Pack pack;
        pack.path_ = path;
        pack.fd_ = open_file(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
        pack.size_ = size_of(pack.fd_, path);
        if (pack.size_ < sizeof(Footer))
            return std::nullopt;
        Bytes footer_bytes(sizeof(Footer));
        pread_exact(pack.fd_, footer_bytes, pack.size_ - sizeof(Footer), path);
        const auto footer = load<Footer>(footer_bytes);
        const std::uint64_t before_footer = pack.size_ - sizeof(Footer);
        if (footer.magic != magic || footer.format != format || footer.zero != 0 ||
            footer.records > most_records || footer.index_offset > before_footer ||
            before_footer - footer.index_offset != footer.records * sizeof(StoredRecord))
            return std::nullopt;
        Bytes index(before_footer - footer.index_offset);
        pread_exact(pack.fd_, index, footer.index_offset, path);
        if (sha256(index).bytes != footer.index_sha256) // from here on it is as it was written
            return std::nullopt;
        pack.records_ = parse_index(index);
        return pack;
    } catch (const Error&) { // a cache that cannot be read is one that has nothing
        return std::nullopt;
    }
}

std::optional<std::size_t> Pack::read(const Digest& key, ByteSpan out) const {
    const auto record = std::ranges::lower_bound(records_, key, {}, &PackRecord::key);
    if (record == records_.end() || record->key != key || record->size > out.size())
        return std::nullopt;
    const ByteSpan block = out.first(record->size);
    try {
        pread_exact(fd_, block, record->offset, path_);
        return chunk_hash(block) == record->check ? std::optional(block.size()) : std::nullopt;
    } catch (const Error&) {
        return std::nullopt;
    }
}

PackWriter::PackWriter(const std::string& directory)
    : directory_(directory), file_(unnamed_pack(directory)) {}

void PackWriter::add(const Digest& key, ByteView block) {
    pwrite_all(file_.fd(), block, blocks_size_, file_.temporary_path());
    records_.push_back(
        {key, chunk_hash(block), blocks_size_, static_cast<std::uint32_t>(block.size())});
    blocks_size_ += block.size();
}

std::uint64_t PackWriter::size() const {
    return blocks_size_ + records_.size() * sizeof(StoredRecord) + sizeof(Footer);
}

std::string PackWriter::commit() {
    std::ranges::sort(records_, {}, &PackRecord::key);
    const Bytes index = serialize_index(records_);
    const Digest digest = sha256(index);
    const Footer footer{magic, format, 0U, records_.size(), blocks_size_, digest.bytes};
    pwrite_all(file_.fd(), index, blocks_size_, file_.temporary_path());
    pwrite_all(file_.fd(), view_of(footer), blocks_size_ + index.size(), file_.temporary_path());
    file_.rename_to(directory_ + "/" + std::string(prefix) + digest.hex().substr(0, name_digits) +
                    std::string(suffix));
    return file_.final_path();
}

bool is_pack_name(const std::string& name) {
    if (name.size() != prefix.size() + name_digits + suffix.size() || !name.starts_with(prefix) ||
        !name.ends_with(suffix))
        return false;
    const auto digits = std::string_view(name).substr(prefix.size(), name_digits);
    return digits.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

} // namespace quoin
