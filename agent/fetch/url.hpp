// SPDX-License-Identifier: Apache-2.0
// URLs of bundles, split into what may be shown and what only their own server may see.
#pragma once

#include <string>
#include <string_view>

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
    /// True when `text` starts with any scheme and "://" (RFC 3986, 3.1): nobody means a file.
    [[nodiscard]] static bool has_scheme(std::string_view text);
    /// Throws Error(usage) "cannot use the URL: …", which does not repeat it.
    [[nodiscard]] static Url parse(const std::string& text);
};

} // namespace quoin
