// SPDX-License-Identifier: Apache-2.0
// How long each chunk has been there, release by release. The bundle lays its data out by it, so
// that a node finds all it lacks in one place (docs/formats/bundle.md).
#pragma once

#include "bundle/contents.hpp"
#include "disk/slot_index.hpp"

namespace quoin {

/// Chunks that the previous release has too become one generation older than they were there; all
/// others are of generation 0.
void follow_previous(SlotIndex& index, const SlotIndex& previous);

/// The same for entries with the same content under the same name.
void follow_previous(Contents& contents, const Contents& previous);

} // namespace quoin
