// SPDX-License-Identifier: Apache-2.0
// `quoin keys init DIR`.
#pragma once

#include <string>

namespace quoin {

/// Makes a signing identity and a Secure Boot key for development in `directory`. Throws
/// Error(refused), with nothing written, when one of the four files exists.
void init_keys(const std::string& directory);

} // namespace quoin
