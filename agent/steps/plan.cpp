// SPDX-License-Identifier: Apache-2.0
// Only numbers are sorted, and slots' indexes are never held: what a plan takes is known beforehand
// and does not depend on what is already on the disk.
#include "agent/steps/plan.hpp"

#include "base/units.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace quoin {

namespace {

constexpr std::uint32_t sum_interval = 64;
constexpr std::uint64_t all_pieces = 1 * MiB;

/// What must be equal for one chunk to stand for the other.
auto key_of(const Chunk& chunk, bool in_uki) {
    return std::tuple(chunk.hash, chunk.size, in_uki);
}

} // namespace

InstallPlan::InstallPlan(Bytes index)
    : bytes_(std::move(index)), index_(bytes_), origins_(index_.size(), ChunkOrigin::bundle),
      places_(index_.size()) {
    std::uint64_t sum = 0;
    sums_.reserve(index_.size() / sum_interval + 1);
    for (std::uint32_t number = 0; number < index_.size(); ++number) {
        if (number % sum_interval == 0)
            sums_.push_back(sum);
        sum += index_.chunk(number).size;
    }
}

void InstallPlan::use_running(const ChunkWalk& walk) {
    const auto key = [this](std::uint32_t number) {
        return key_of(index_.chunk(number), index_.in_uki(number));
    };
    std::vector<std::uint32_t> by_key(index_.size());
    std::iota(by_key.begin(), by_key.end(), 0U);
    std::ranges::sort(by_key, {}, key);

    walk([&](const Chunk& chunk, bool in_uki, std::uint64_t offset) {
        // Equal chunks are found together, so that the first tells whether they were found before.
        auto found = std::ranges::lower_bound(by_key, key_of(chunk, in_uki), {}, key);
        for (; found != by_key.end() && origins_[*found] == ChunkOrigin::bundle &&
               key(*found) == key_of(chunk, in_uki);
             ++found) {
            origins_[*found] = ChunkOrigin::running;
            places_.set(*found, offset);
        }
    });
}

void InstallPlan::use_target(const ChunkWalk& walk) {
    std::uint32_t number = 0;
    std::uint64_t place = 0; // of that chunk
    walk([&](const Chunk& chunk, bool in_uki, std::uint64_t offset) {
        if (in_uki)
            return; // that of the system before, under another name: see use_staged()
        while (number < index_.root_chunks() && place < offset)
            place += index_.chunk(number++).size;
        if (number == index_.root_chunks() || place != offset)
            return;
        if (key_of(index_.chunk(number), false) == key_of(chunk, false))
            origins_[number] = ChunkOrigin::in_place;
    });
}

void InstallPlan::use_staged() {
    if (index_.root_chunks() < index_.size())
        std::fill(origins_.begin() + index_.root_chunks() + 1, origins_.end(),
                  ChunkOrigin::in_place);
}

void InstallPlan::set_missing(std::uint32_t number) {
    const bool may_be_copied =
        origins_[number] == ChunkOrigin::in_place && places_.at(number) != nowhere;
    origins_[number] = may_be_copied ? ChunkOrigin::running : ChunkOrigin::bundle;
}

std::uint64_t InstallPlan::target_offset(std::uint32_t number) const {
    std::uint64_t sum = sums_[number / sum_interval];
    for (std::uint32_t before = number / sum_interval * sum_interval; before < number; ++before)
        sum += index_.chunk(before).size;
    return index_.in_uki(number) ? sum - index_.root_size() : sum;
}

std::vector<bool> InstallPlan::missing() const {
    std::vector<bool> missing(index_.size());
    std::transform(origins_.begin(), origins_.end(), missing.begin(),
                   [](ChunkOrigin origin) { return origin == ChunkOrigin::bundle; });
    return missing;
}

std::uint64_t InstallPlan::bytes_to_fetch() const {
    std::uint64_t bytes = 0;
    for (std::uint32_t number = 0; number < index_.size(); ++number)
        if (origins_[number] == ChunkOrigin::bundle)
            bytes += index_.chunk(number).size;
    return bytes;
}

/// Either what comes with the root or what comes later. Notes the place of each in the data area.
std::vector<std::uint32_t> InstallPlan::missing_numbers(bool with_root) {
    std::vector<std::uint32_t> numbers;
    numbers.reserve(static_cast<std::size_t>(
        std::ranges::count(origins_, ChunkOrigin::bundle))); // growing would take twice as much
    std::uint64_t space = all_pieces;
    walk_layout(index_, [&](std::uint32_t number, std::uint64_t data_offset) {
        if (origins_[number] != ChunkOrigin::bundle)
            return;
        places_.set(number, data_offset);
        bool comes_with_root = true;
        if (index_.in_uki(number)) {
            const std::uint32_t size = index_.chunk(number).size;
            comes_with_root = size <= std::min<std::uint64_t>(small_uki_chunk, space);
            if (comes_with_root)
                space -= size;
        }
        if (comes_with_root == with_root)
            numbers.push_back(number);
    });
    return numbers;
}

std::vector<std::uint32_t> InstallPlan::fetched_with_root() {
    std::vector<std::uint32_t> numbers = missing_numbers(true);
    std::ranges::sort(numbers, {}, [this](std::uint32_t number) { return places_.at(number); });
    return numbers;
}

std::vector<std::uint32_t> InstallPlan::fetched_with_boot_image() {
    return missing_numbers(false);
}

WantedChunks InstallPlan::wanted(const std::vector<std::uint32_t>& numbers) const {
    return {numbers.size(), [this, &numbers](std::size_t i) {
                const Chunk chunk = index_.chunk(numbers[i]);
                return WantedChunk{chunk.hash, chunk.size, places_.at(numbers[i])};
            }};
}

} // namespace quoin
