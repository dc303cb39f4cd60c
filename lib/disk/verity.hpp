// SPDX-License-Identifier: Apache-2.0
// dm-verity, hash type 1, SHA-256, 4096-byte data and hash blocks: the format of
// https://docs.kernel.org/admin-guide/device-mapper/verity.html with libcryptsetup's superblock.
// Our own writer, because libcryptsetup re-reads the device and so cannot hash while writing.
// docs/formats/verity.md has the layout, including the block index behind the tree.
#pragma once

#include "base/bytes.hpp"
#include "base/fd.hpp"
#include "crypto/digest.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quoin {

inline constexpr std::uint64_t verity_block_size = 4096;

/// What identifies a verity tree besides the data.
struct VerityParameters {
    std::array<std::uint8_t, 32> salt{};
    Uuid uuid; ///< of the superblock

    /// Derived from the image id, so the same for every release of one image.
    [[nodiscard]] static VerityParameters derived_from(std::string_view image_id);
};

/// Bytes of superblock and tree for `data_size` bytes. Throws Error(refused) unless that is a
/// positive multiple of 4096. One data block has no tree: its own hash is the root hash.
[[nodiscard]] std::uint64_t verity_area_size(std::uint64_t data_size);

/// Hashes data as it streams by. Memory: one block a level, whatever the size of the data.
class VerityWriter {
  public:
    /// Receives tree blocks; `offset` counts from the start of the verity area.
    using BlockSink = std::function<void(std::uint64_t offset, ByteView block)>;

    /// `data_size` must be known beforehand, since the levels lie top first: a positive multiple of
    /// 4096, or Error(refused) is thrown. Without a sink nothing but the root hash is made.
    VerityWriter(const VerityParameters& parameters, std::uint64_t data_size, BlockSink sink = {});
    ~VerityWriter();
    VerityWriter(const VerityWriter&) = delete;
    VerityWriter& operator=(const VerityWriter&) = delete;

    /// Any number of bytes, in order. Throws Error(failed) when more than `data_size` come.
    void update(ByteView data);

    /// Writes what is left of every level and the superblock to the sink; the root hash.
    /// Throws Error(failed) when not exactly `data_size` bytes came. Call it once.
    [[nodiscard]] Digest finish();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// For a stream whose size is not known beforehand (the builder): collects the leaf hashes
/// (32 bytes a block, 1/128 of the data) in a file, then writes everything. Memory: a few dozen
/// KiB, whatever the size of the data.
class VerityLeaves {
  public:
    /// `scratch` is empty, to be written and read, and grows to 1/128 of the data; `scratch_name`
    /// is for messages.
    VerityLeaves(const VerityParameters& parameters, UniqueFd scratch, std::string scratch_name)
        : parameters_(parameters), scratch_(std::move(scratch)),
          scratch_name_(std::move(scratch_name)) {}
    /// Any number of bytes, in order.
    void update(ByteView data);
    /// Makes the leaf hashes of [offset, offset + data.size()) anew: the squashfs superblock is
    /// written last. Both multiples of 4096 and already hashed, or Error(failed) is thrown.
    void rewrite(std::uint64_t offset, ByteView data);
    [[nodiscard]] std::uint64_t data_size() const;
    /// The whole verity area (superblock and tree) into the sink, which may be empty; the root
    /// hash. Throws Error(refused) unless the data is a positive multiple of 4096.
    [[nodiscard]] Digest finish(const VerityWriter::BlockSink& sink) const;

  private:
    [[nodiscard]] std::uint64_t leaves_size() const { return stored_ + recent_.size(); }

    VerityParameters parameters_;
    UniqueFd scratch_;
    std::string scratch_name_;
    std::uint64_t stored_ = 0; ///< bytes of hashes in the file
    Bytes recent_;             ///< the hashes after those
    Bytes partial_;
};

/// What a verity superblock says (libcryptsetup's, version 1). Unsigned: for `inspect` only.
struct VeritySuperblock {
    Uuid uuid;
    std::uint64_t data_blocks = 0;
    Bytes salt;
};
/// The superblock's whole block.
[[nodiscard]] Bytes make_verity_superblock(const VerityParameters& parameters,
                                           std::uint64_t data_blocks);
/// Nothing unless it is one with our block sizes and algorithm.
[[nodiscard]] std::optional<VeritySuperblock> parse_verity_superblock(ByteView block);

/// First and last 128 bits of the root hash: the UUIDs of data and verity partition (Discoverable
/// Partitions Specification, "the first/last 128 bit of the root hash", textual order).
[[nodiscard]] Uuid data_partition_uuid(const Digest& root_hash);
[[nodiscard]] Uuid verity_partition_uuid(const Digest& root_hash);

} // namespace quoin
