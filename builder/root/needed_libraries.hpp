// SPDX-License-Identifier: Apache-2.0
// Which shared libraries a program asks for.
#pragma once

#include "base/bytes.hpp"

#include <string>
#include <vector>

namespace quoin {

/// The DT_NEEDED names of a 64-bit little-endian ELF file ("libcurl.so.4"), in its order. Empty for
/// anything else and for a damaged file: the answer only serves warnings.
[[nodiscard]] std::vector<std::string> needed_libraries(ByteView elf);

} // namespace quoin
