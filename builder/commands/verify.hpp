// SPDX-License-Identifier: Apache-2.0
// `quoin verify FILE --trust KEY...`.
#pragma once

#include <string>
#include <vector>

namespace quoin {

struct VerifyOptions {
    std::string file;
    std::vector<std::string> trust;
    unsigned required = 0; ///< 0: what a trust directory says, else 1
    bool json = false;
};

/// Checks every signature, chunk and hash of a bundle or disk image. Throws Error(refused) when
/// something is not what was signed.
void verify(const VerifyOptions& options);

} // namespace quoin
