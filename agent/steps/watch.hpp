// SPDX-License-Identifier: Apache-2.0
// Waiting for the root to turn out damaged.
#pragma once

#include "agent/steps/root_verity.hpp"

namespace quoin {

/// Returns when dm-verity has met a damaged block of the root, before or after the call. Locks the
/// process into memory first, since afterwards nothing more may be readable. Throws Error(failed)
/// when the root cannot be watched.
void wait_for_corruption(const RootDevice& device);

} // namespace quoin
