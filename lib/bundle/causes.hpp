// SPDX-License-Identifier: Apache-2.0
// Which packages and files cause the bytes that a node fetches.
#pragma once

#include "bundle/contents.hpp"
#include "disk/slot_index.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace quoin {

struct Cause {
    std::string name; ///< of a package or file; in parentheses what is neither
    std::uint64_t bytes = 0;
};

/// Both sum up to the bytes of the missing chunks; largest first, equal ones by name.
struct Causes {
    std::vector<Cause> packages;
    std::vector<Cause> files;
};

/// `missing` says of each chunk, root first, then UKI, whether it must be fetched. A chunk's bytes
/// are those of the entries in it whose content is as new as the chunk itself; of several, in
/// proportion to what they have in it. Where there is none, unchanged small files were only packed
/// anew.
[[nodiscard]] Causes find_causes(const Contents& contents, const SlotIndex& index,
                                 const std::vector<bool>& missing);

/// The largest `count` of them.
[[nodiscard]] std::vector<Cause> largest(const std::vector<Cause>& causes, std::size_t count);

} // namespace quoin
