// SPDX-License-Identifier: Apache-2.0
// `quoin cache show DIR`, `quoin cache trim DIR --size N`.
#pragma once

#include <cstdint>
#include <string>

namespace quoin {

struct CacheOptions {
    std::string directory;
    std::uint64_t size = 0; ///< trim: what may stay
    bool json = false;
};

/// Prints what a build cache holds, the last used first.
void show_cache(const CacheOptions& options);

/// Brings a build cache to a size and prints what was removed.
void trim_cache(const CacheOptions& options);

} // namespace quoin
