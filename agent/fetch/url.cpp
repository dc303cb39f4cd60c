// SPDX-License-Identifier: Apache-2.0
// libcurl's own parser, so that what is checked here is what libcurl later connects to.
#include "agent/fetch/url.hpp"

#include "base/error.hpp"
#include "base/handle.hpp"

#include <algorithm>
#include <curl/curl.h>
#include <strings.h>

namespace quoin {

namespace {

using CurlUrl = Handle<CURLU, curl_url_cleanup>;
using CurlText = Handle<char, curl_free>;

/// A part that may be absent: then empty.
std::string part_of(CURLU* url, CURLUPart part, unsigned flags) {
    char* text = nullptr;
    if (curl_url_get(url, part, &text, flags) != CURLUE_OK)
        return {};
    return CurlText(text).get();
}

} // namespace

bool Url::is_url(const std::string& text) {
    return ::strncasecmp(text.c_str(), "http://", 7) == 0 ||
           ::strncasecmp(text.c_str(), "https://", 8) == 0;
}

bool Url::has_scheme(std::string_view text) {
    const std::size_t end = text.find("://");
    return end != text.npos && end > 0 && std::ranges::all_of(text.substr(0, end), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '+' || c == '-' || c == '.';
           });
}

Url Url::parse(const std::string& text) {
    const CurlUrl url(curl_url());
    const CURLUcode code = curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0);
    if (code != CURLUE_OK)
        // The text is not repeated: what could not be parsed may hold a password.
        throw Error(ErrorCode::usage,
                    std::string("cannot use the URL: ") + curl_url_strerror(code));

    Url result;
    const std::string scheme = part_of(url.get(), CURLUPART_SCHEME, 0);
    if (scheme != "http" && scheme != "https")
        throw Error(ErrorCode::usage, "cannot use the URL: '" + scheme + "' is not http or https");
    result.secure = scheme == "https";
    result.user = part_of(url.get(), CURLUPART_USER, CURLU_URLDECODE);
    result.password = part_of(url.get(), CURLUPART_PASSWORD, CURLU_URLDECODE);
    result.origin = scheme + "://" + part_of(url.get(), CURLUPART_HOST, 0) + ":" +
                    part_of(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
    curl_url_set(url.get(), CURLUPART_USER, nullptr, 0);
    curl_url_set(url.get(), CURLUPART_PASSWORD, nullptr, 0);
    curl_url_set(url.get(), CURLUPART_FRAGMENT, nullptr, 0);
    result.text = part_of(url.get(), CURLUPART_URL, 0);
    curl_url_set(url.get(), CURLUPART_QUERY, nullptr, 0);
    result.shown = part_of(url.get(), CURLUPART_URL, 0);
    return result;
}

} // namespace quoin
