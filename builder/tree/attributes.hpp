// SPDX-License-Identifier: Apache-2.0
// Extended attributes in one piece: as a map they take ten times their size, and where a policy
// labels files, every file has some.
#pragma once

#include "base/bytes.hpp"

#include <map>
#include <string>

namespace quoin {

/// By full names; none of them holds a zero byte.
using Attributes = std::map<std::string, Bytes>;

/// Empty when there are none.
[[nodiscard]] Bytes pack_attributes(const Attributes& attributes);

/// What was packed. Throws Error(failed) when `packed` is something else.
[[nodiscard]] Attributes unpack_attributes(ByteView packed);

} // namespace quoin
