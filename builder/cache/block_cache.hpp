// SPDX-License-Identifier: Apache-2.0
// Compressed blocks of earlier builds, found by their raw content. What is found is the very bytes
// that compressing would give, so a build's outputs do not depend on it.
#pragma once

#include "base/progress.hpp"
#include "builder/cache/pack.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace quoin {

/// Stands for all that decides what the linked libzstd makes of a block, apart from its content.
[[nodiscard]] Digest zstd_codec(int level, std::uint64_t block_size);

/// What a block is kept under: codec and raw content.
[[nodiscard]] Digest block_key(const Digest& codec, ByteView raw);

/// The packs of a directory, and a new one for what they lack. Callable from any thread. A cache
/// that cannot be written costs time, not the build: the first such error is kept, the rest
/// ignored.
class BlockCache {
  public:
    /// Makes the directory where it is missing and reads the indexes: 64 bytes of memory a block.
    /// Throws Error(failed) when there can be no directory of this name.
    explicit BlockCache(std::string directory);
    BlockCache(const BlockCache&) = delete;
    BlockCache& operator=(const BlockCache&) = delete;

    /// The verified block, into the start of `out`: its size, 0 for one that did not get smaller.
    [[nodiscard]] std::optional<std::size_t> find(const Digest& key, ByteSpan out) noexcept;

    /// Keeps a block for later builds.
    void add(const Digest& key, ByteView block) noexcept;

    /// Names the new pack, if there is anything new, after it has taken in the small packs, which
    /// may be a GiB to copy; marks packs that were of use as used now. Without it nothing new is
    /// kept, nor when `progress` throws.
    void commit(const ProgressObserver& progress = {}) noexcept;

    [[nodiscard]] std::uint64_t blocks_found() const { return found_; }
    [[nodiscard]] std::uint64_t blocks_added() const { return added_.size(); }
    /// Why nothing more could be kept.
    [[nodiscard]] const std::optional<std::string>& failure() const { return failure_; }

  private:
    struct UsedPack {
        explicit UsedPack(Pack opened) : pack(std::move(opened)) {}
        Pack pack;
        std::atomic<bool> used = false;
    };
    void take_in(const Pack& pack, const ProgressObserver& progress);
    template <typename Body>
    void unless_failed(Body&& body) noexcept;

    std::string directory_;
    std::vector<std::unique_ptr<UsedPack>> packs_; ///< the newest first
    std::atomic<std::uint64_t> found_ = 0;

    std::mutex mutex_; // guards what follows
    std::optional<PackWriter> writer_;
    std::set<Digest> added_;
    std::optional<std::string> failure_;
};

} // namespace quoin
