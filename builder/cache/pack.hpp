// SPDX-License-Identifier: Apache-2.0
// One file of a build cache: compressed blocks, then a sorted index of them. Written once, never
// changed; docs/formats/cache.md.
#pragma once

#include "base/file.hpp"
#include "crypto/digest.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quoin {

/// Where a block lies in its pack, and what it must be.
struct PackRecord {
    Digest key;                           ///< of raw content and codec
    std::array<std::uint8_t, 16> check{}; ///< chunk_hash() of the block as it lies there
    std::uint64_t offset = 0;
    std::uint32_t size = 0; ///< 0: the codec made it no smaller, so it is stored as it is
};

/// A pack that may be damaged or vanish at any time: no byte of it is given out unverified.
class Pack {
  public:
    /// Reads the index. Nothing when the file is absent, unreadable, or not a whole pack.
    [[nodiscard]] static std::optional<Pack> open(const std::string& path);

    [[nodiscard]] const std::string& path() const { return path_; }
    /// Sorted by key.
    [[nodiscard]] const std::vector<PackRecord>& records() const { return records_; }
    /// Of the file.
    [[nodiscard]] std::uint64_t size() const { return size_; }
    [[nodiscard]] FdRef fd() const { return fd_; }

    /// The block kept under `key`, into the start of `out`: its size. Nothing when there is none,
    /// when it does not fit or is not what its record says. Callable from any thread.
    [[nodiscard]] std::optional<std::size_t> read(const Digest& key, ByteSpan out) const;

  private:
    std::string path_;
    UniqueFd fd_;
    std::uint64_t size_ = 0;
    std::vector<PackRecord> records_;
};

/// A pack under construction; removed again unless `commit()` is reached.
class PackWriter {
  public:
    /// Makes a file in `directory`.
    explicit PackWriter(const std::string& directory);

    /// Throws Error(failed) when it cannot be written.
    void add(const Digest& key, ByteView block);
    /// Of the file, were it committed now.
    [[nodiscard]] std::uint64_t size() const;

    /// Writes the index and gives the pack the name that follows from its content; its path. Not
    /// synced: what a power cut takes is found damaged and made anew.
    std::string commit();

  private:
    std::string directory_;
    PendingFile file_;
    std::uint64_t blocks_size_ = 0;
    std::vector<PackRecord> records_;
};

/// Whether a file of this name is a pack: "blocks-" 32 hex digits ".pack".
[[nodiscard]] bool is_pack_name(const std::string& name);

} // namespace quoin
