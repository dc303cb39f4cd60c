// SPDX-License-Identifier: Apache-2.0
// The data partition's ext4, empty: early userspace makes what it needs in it.
#pragma once

#include "builder/stages/disk_layout.hpp"

namespace quoin {

/// Makes an ext4 file system with the given UUID at `place` of the image file, owned by root and
/// deterministic. Everything is initialised, so the node's kernel has nothing left to do in the
/// background; it can grow to about 1000 times its size.
void make_data_file_system(const std::string& image, Extent place, const Uuid& uuid,
                           std::int64_t time);

} // namespace quoin
