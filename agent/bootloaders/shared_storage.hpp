// SPDX-License-Identifier: Apache-2.0
// Two names on one chain of clusters: what a rename on FAT leaves when power goes in between.
#pragma once

#include <string>

namespace quoin {

/// True when both files lie at the same place on the medium: then writing into one writes into the
/// other, and removing one frees what the other needs. In doubt, on FAT, true.
[[nodiscard]] bool share_storage(const std::string& path, const std::string& other);

} // namespace quoin
