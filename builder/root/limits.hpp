// SPDX-License-Identifier: Apache-2.0
// What a root may hold in all, so that a small archive which unpacks without end is refused, and a
// build takes at most 256 MiB of memory on two processors: 300 bytes an entry or extended
// attribute of the tree, as much and its path for the contents table. tests/bench/run build_memory
// goes up to these.
#pragma once

#include "base/units.hpp"
#include "builder/entry.hpp"

namespace quoin {

struct RootLimits {
    /// Extended attributes, and directories that are made for the paths of others, are one more
    /// each.
    std::uint64_t entries = 400'000;
    std::uint64_t metadata = 48 * MiB; ///< paths, link targets, extended attributes
    std::uint64_t content = 64 * GiB;  ///< of files, holes included
};

/// Counts the entries of all layers, the hidden and the removed ones too: they must be read as
/// well.
class RootCounter {
  public:
    explicit RootCounter(RootLimits limits) : left_(limits), limits_(limits) {}

    /// Throws Error(refused) naming the entry that is one too many.
    void count(const Entry& entry);

    /// As well for the directories that were made for the entry's path.
    void count_implied(const Entry& entry, std::uint64_t directories);

  private:
    void take_entries(const Entry& entry, std::uint64_t amount);

    RootLimits left_;
    RootLimits limits_;
};

} // namespace quoin
