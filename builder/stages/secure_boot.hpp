// SPDX-License-Identifier: Apache-2.0
// Authenticode signatures for Secure Boot.
#pragma once

#include "base/bytes.hpp"
#include "builder/build_keys.hpp"

namespace quoin {

/// `pe` with a signature by the Secure Boot key of `keys`, made at `signing_time` (seconds since
/// 1970): the same input gives the same bytes. Unchanged when there is no such key. `name` is for
/// messages. Throws Error(failed) when osslsigncode fails.
[[nodiscard]] Bytes sign_for_secure_boot(Bytes pe, const BuildKeys& keys, std::int64_t signing_time,
                                         const std::string& name);

} // namespace quoin
