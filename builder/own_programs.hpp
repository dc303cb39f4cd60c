// SPDX-License-Identifier: Apache-2.0
// Where the programs that go onto nodes lie on this machine.
#pragma once

#include "base/bytes.hpp"

#include <string>

namespace quoin {

/// The stripped content of "quoin-early" or "quoin-agent", found in $QUOIN_DATA_DIR where that is
/// set, else where this program's build folder or installation has it (relative to the program, so
/// an installation may be moved). Throws Error(failed) saying where it was looked for and `advice`.
[[nodiscard]] Bytes read_own_program(const std::string& name, const std::string& advice);

} // namespace quoin
