// SPDX-License-Identifier: Apache-2.0
// What a power cut during a rename on the ESP leaves: two names on one cluster chain.
#pragma once

#include "base/region.hpp"

#include <string>
#include <vector>

namespace quoin {

/// Leaves each boot image on `esp` (not mounted) one name and returns what was done, a sentence
/// each. Of two names the confirmed one stays, since confirming had begun; of two counted ones the
/// one with fewer tries left, since a try must not be gained. No content is changed. Throws
/// Error(refused) when the ESP is not FAT32.
[[nodiscard]] std::vector<std::string> heal_names(const Region& esp);

} // namespace quoin
