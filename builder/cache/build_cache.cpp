// SPDX-License-Identifier: Apache-2.0
#include "builder/cache/build_cache.hpp"

#include "base/error.hpp"
#include "builder/cache/cache_directory.hpp"

namespace quoin {

BuildCache::BuildCache(const std::string& directory) : directory_(directory) {
    if (!directory_.empty())
        blocks_.emplace(directory_);
}

std::vector<std::string> BuildCache::close(const ProgressObserver& progress) {
    std::vector<std::string> problems;
    if (!blocks_)
        return problems;
    blocks_->commit(progress);
    if (blocks_->failure())
        problems.push_back(*blocks_->failure() + "; the next build will be slower, ignoring");
    try {
        (void)trim_cache_directory(directory_, default_cache_size);
    } catch (const Error& error) {
        problems.push_back(std::string(error.what()) + "; the cache may grow, ignoring");
    }
    return problems;
}

} // namespace quoin
