// SPDX-License-Identifier: Apache-2.0
// What a power cut leaves of a boot image that was being written.
#pragma once

#include "base/region.hpp"

namespace quoin {

/// Makes every unlisted boot image on `esp` (not mounted) a file that the kernel can read and write
/// on (settle_fat_length()), and removes those that are empty then: the layout of names may double
/// a name, and heal_names() tells such twins by their clusters. One that is damaged otherwise is
/// left, with a warning. Throws Error(refused) when the ESP is not FAT32.
void heal_lengths(const Region& esp);

} // namespace quoin
