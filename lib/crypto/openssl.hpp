// SPDX-License-Identifier: Apache-2.0
// What the sources of this room share about OpenSSL. Not for other rooms.
#pragma once

#include "base/error.hpp"

#include <openssl/err.h>

namespace quoin {

/// An Error(failed): "doing: what OpenSSL says". Empties OpenSSL's error queue.
[[nodiscard]] inline Error openssl_error(const std::string& doing) {
    const char* reason = ERR_reason_error_string(ERR_peek_last_error());
    Error error(doing + ": " + (reason != nullptr ? reason : "OpenSSL gives no reason"));
    ERR_clear_error();
    return error;
}

} // namespace quoin
