// SPDX-License-Identifier: Apache-2.0
// Small disk images with a partition table, and ways to damage them.
#pragma once

#include "disk/crc32.hpp"
#include "disk/gpt_copy.hpp"
#include "disk/gpt_create.hpp"
#include "scratch.hpp"

#include <algorithm>
#include <cstddef>

namespace quoin::test {

/// Small, since power cut tests read and compare whole images hundreds of times.
inline constexpr std::uint64_t gpt_image_size = 1536 << 10;

[[nodiscard]] inline Uuid uuid(std::string_view text) {
    return Uuid::parse(text).value();
}

/// The layout of a real node's disk, in miniature.
[[nodiscard]] inline std::vector<Partition> example_partitions() {
    constexpr std::uint64_t first = 1 << 20;
    constexpr std::uint64_t step = 64 << 10;
    const auto types = partition_types("x86-64");
    return {
        {1, esp_type(), uuid("00000000-0000-4000-8000-000000000001"), "esp", 0, first, step},
        {2, types.root, uuid("954172df-ee9a-4a6e-8c1c-9b1f1a2b3c4d"), "node_1.0.0", gpt_read_only,
         first + step, step},
        {3, types.root_verity, uuid("00112233-4455-6677-8899-aabbccddeeff"), "node_1.0.0_verity",
         gpt_read_only, first + 2 * step, 4096},
        {4, types.root, uuid("00000000-0000-4000-8000-000000000004"), "_empty",
         gpt_read_only | gpt_no_auto, first + 3 * step, step},
        {5, types.root_verity, uuid("00000000-0000-4000-8000-000000000005"), "_empty",
         gpt_read_only | gpt_no_auto, first + 4 * step, 4096},
        {6, linux_generic_type(), uuid("00000000-0000-4000-8000-000000000006"), "data",
         gpt_grow_file_system, first + 5 * step, step},
    };
}

/// An image file with that table, made by create_gpt (libfdisk).
class GptImage {
  public:
    explicit GptImage(unsigned sector_size = 512)
        : path_(scratch_.create("disk", gpt_image_size)), fd_(open_file(path_, O_RDWR)) {
        create_gpt(path_, sector_size, uuid("12345678-9abc-4def-8123-456789abcdef"),
                   example_partitions());
    }

    [[nodiscard]] const Scratch& scratch() const { return scratch_; }
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] FdRef fd() const { return fd_; }
    [[nodiscard]] Bytes content() const { return content_of(path_); }
    [[nodiscard]] GptTable read() const { return read_gpt(fd_, path_); }

    void write(const Bytes& content, std::uint64_t offset = 0) const {
        pwrite_all(fd_, content, offset, path_);
    }
    void flip(std::uint64_t offset) const {
        Bytes byte(1);
        pread_exact(fd_, byte, offset, path_);
        byte[0] ^= 0x04;
        write(byte, offset);
    }

    /// Changes one copy, both CRCs made to fit: damage that only a look at the content can find.
    template <typename Change>
    void forge(std::uint64_t header_offset, Change change) const {
        Bytes sector(512);
        pread_exact(fd_, sector, header_offset, path_);
        auto header = load<GptHeader>(sector);
        Bytes array(16384);
        pread_exact(fd_, array, header.entries_lba * 512, path_);
        const std::uint64_t array_offset = header.entries_lba * 512;
        change(header, array);
        header.array_crc = crc32(array);
        if (header.header_size >= sizeof(header) && header.header_size <= sector.size())
            header.header_crc = header_crc(sector, header);
        const ByteView bytes = view_of(header);
        std::copy(bytes.begin(), bytes.end(), sector.begin());
        write(array, array_offset);
        write(sector, header_offset);
    }

  private:
    Scratch scratch_;
    std::string path_;
    UniqueFd fd_;
};

inline constexpr std::uint64_t primary_header_at = 512;
inline constexpr std::uint64_t backup_header_at = gpt_image_size - 512;

[[nodiscard]] inline bool same(const Partition& left, const Partition& right) {
    return left.number == right.number && left.type == right.type && left.uuid == right.uuid &&
           left.label == right.label && left.attributes == right.attributes &&
           left.start == right.start && left.size == right.size;
}

[[nodiscard]] inline bool same(const std::vector<Partition>& left,
                               const std::vector<Partition>& right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](const Partition& a, const Partition& b) { return same(a, b); });
}

} // namespace quoin::test
