// SPDX-License-Identifier: Apache-2.0
// Where each chunk of a release may be had from, by what the slots' indexes say. Pure: nothing is
// read, so what the plan believes to be on the disk is proven when it is used.
#pragma once

#include "agent/fetch/chunk_fetcher.hpp"
#include "bundle/layout.hpp"

#include <vector>

namespace quoin {

enum class ChunkOrigin : std::uint8_t {
    bundle,   ///< must be fetched
    in_place, ///< what is to be written may hold it where it belongs; if not, see set_missing()
    running,  ///< the running slot (or its boot image) may hold it at local_offset()
};

/// Calls its argument for every chunk of a slot, as walk_index() does.
using ChunkWalk = std::function<void(const ChunkVisitor& visit)>;

/// Chunks are numbered as in the index: those of the root, then those of the boot image. Holds 30
/// bytes a chunk, the index's own 24 among them; lists of what to fetch take 4 more for each.
class InstallPlan {
  public:
    InstallPlan() = default;
    /// Everything must be fetched. `index` as it lies in the bundle; throws what IndexView throws.
    explicit InstallPlan(Bytes index);
    InstallPlan(InstallPlan&&) = default;
    InstallPlan& operator=(InstallPlan&&) = default;
    InstallPlan(const InstallPlan&) = delete; // the view is of these very bytes
    InstallPlan& operator=(const InstallPlan&) = delete;
    ~InstallPlan() = default;

    /// What the running slot may hold, wherever it lies there.
    void use_running(const ChunkWalk& walk);
    /// What the slot that is to be written may hold, where it belongs.
    void use_target(const ChunkWalk& walk);
    /// The boot image that is to be written is there, though perhaps only in part; without its
    /// first sector in any case.
    void use_staged();
    /// The chunk is not where the plan believed it to be. Its origin is now the next best: one that
    /// is not in place may still be in the running slot.
    void set_missing(std::uint32_t number);

    [[nodiscard]] const IndexView& index() const { return index_; }
    /// The index as it lies in the bundle.
    [[nodiscard]] const Bytes& index_bytes() const { return bytes_; }
    [[nodiscard]] ChunkOrigin origin(std::uint32_t number) const { return origins_[number]; }
    [[nodiscard]] std::uint64_t local_offset(std::uint32_t number) const {
        return places_.at(number);
    }
    /// In the root or in the boot image.
    [[nodiscard]] std::uint64_t target_offset(std::uint32_t number) const;
    /// Of each chunk: whether it must be fetched.
    [[nodiscard]] std::vector<bool> missing() const;
    /// Bytes of chunks that are still to come from the bundle.
    [[nodiscard]] std::uint64_t bytes_to_fetch() const;

    /// What is fetched while the root is written, in the order of the bundle: all that is missing
    /// of the root, and up to 1 MiB of small missing pieces of the boot image (of up to 64 KiB),
    /// which would each cost a request later.
    [[nodiscard]] std::vector<std::uint32_t> fetched_with_root();
    /// The rest of what is missing of the boot image, in its order.
    [[nodiscard]] std::vector<std::uint32_t> fetched_with_boot_image();
    /// What a ChunkFetcher needs to know of such a list, made since the last set_missing();
    /// borrows both.
    [[nodiscard]] WantedChunks wanted(const std::vector<std::uint32_t>& numbers) const;
    WantedChunks wanted(std::vector<std::uint32_t>&& numbers) const = delete;

  private:
    /// An offset for each chunk, in 5 bytes; `nowhere` until it is set.
    class Places {
      public:
        Places() = default;
        explicit Places(std::size_t count) : low_(count, UINT32_MAX), high_(count, UINT8_MAX) {}
        [[nodiscard]] std::uint64_t at(std::size_t number) const {
            return std::uint64_t{high_[number]} << 32U | low_[number];
        }
        void set(std::size_t number, std::uint64_t place) {
            low_[number] = static_cast<std::uint32_t>(place);
            high_[number] = static_cast<std::uint8_t>(place >> 32U);
        }

      private:
        std::vector<std::uint32_t> low_;
        std::vector<std::uint8_t> high_;
    };
    static constexpr std::uint64_t nowhere = (std::uint64_t{1} << 40U) - 1;
    static_assert(max_chunks * max_chunk_size <= nowhere + 1);

    [[nodiscard]] std::vector<std::uint32_t> missing_numbers(bool with_root);

    Bytes bytes_;
    IndexView index_; ///< of bytes_
    std::vector<ChunkOrigin> origins_;
    Places places_;                   ///< local offset; of missing chunks that in the data area
    std::vector<std::uint64_t> sums_; ///< of the sizes of all chunks before every 64th
};

} // namespace quoin
