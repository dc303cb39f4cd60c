// SPDX-License-Identifier: Apache-2.0
// A build's view of its cache, from the first lookup to the size bound.
#pragma once

#include "builder/cache/block_cache.hpp"

#include <optional>
#include <string>
#include <vector>

namespace quoin {

class BuildCache {
  public:
    /// "" for none.
    explicit BuildCache(const std::string& directory);

    [[nodiscard]] const std::string& directory() const { return directory_; }
    /// Null without a cache.
    [[nodiscard]] BlockCache* blocks() { return blocks_ ? &*blocks_ : nullptr; }

    /// Keeps what is new and brings the directory to its default size. What went wrong, for the
    /// user to read: the build itself is not affected. `progress` may throw to stop it.
    [[nodiscard]] std::vector<std::string> close(const ProgressObserver& progress);

  private:
    std::string directory_;
    std::optional<BlockCache> blocks_;
};

} // namespace quoin
