// SPDX-License-Identifier: Apache-2.0
// The directory of boot images, laid out so that the loader's next rename is one sector: see
// disk/fat_settle.hpp.
#pragma once

#include "base/region.hpp"

namespace quoin {

/// Changes no name and no content. `esp` is not mounted and its names are healed; the name that is
/// replaced next comes last. While an entry with a counter is listed only what one sector can hold
/// changes: a second, equal name would keep tries that the first one has used.
void settle_names(const Region& esp);

} // namespace quoin
