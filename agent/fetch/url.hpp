// SPDX-License-Identifier: Apache-2.0
// URLs of bundles, split into what may be shown and what only their own server may see.
#pragma once

#include <string>

namespace quoin {

/// An HTTP or HTTPS URL. User name and password are kept apart from the text, so that neither a
/// message nor a redirect to another host can carry them away.
struct Url {
    std::string text;     ///< what to fetch: without user name, password and fragment
    std::string shown;    ///< for messages: without the query too, which may hold an access token
    std::string origin;   ///< "https://host:443"
    std::string user;     ///< decoded; empty when there is none
    std::string password; ///< decoded
    bool secure = false;  ///< https

    /// True for "http://…" and "https://…", in any case.
    [[nodiscard]] static bool is_url(const std::string& text);
    /// Throws Error(usage) "cannot use 'URL': …".
    [[nodiscard]] static Url parse(const std::string& text);
};

} // namespace quoin
