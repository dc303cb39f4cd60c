// SPDX-License-Identifier: Apache-2.0
// What a web server says: the place of a range, the target of a redirect. The first byte chooses.
// The operator's file of headers, which is as simple, comes along.
#include "agent/fetch/content_range.hpp"
#include "agent/fetch/header_file.hpp"
#include "agent/fetch/url.hpp"
#include "fuzz_target.hpp"

using namespace quoin;

static void check_range(std::string_view text) {
    const auto range = ContentRange::parse(text);
    if (!range)
        return;
    fuzz::require(range->first.has_value() == range->last.has_value());
    fuzz::require(range->first || range->size);
    fuzz::require(!range->first || *range->first <= *range->last);
    fuzz::require(!range->last || !range->size || *range->last < *range->size);
}

static void check_url(const std::string& text) {
    if (!Url::is_url(text))
        return;
    const Url url = Url::parse(text);
    fuzz::require(url.secure == url.origin.starts_with("https://"));
    fuzz::require(Url::is_url(url.text) && Url::is_url(url.shown));
    // What is fetched carries no login, and stays at the origin that was judged.
    const Url again = Url::parse(url.text);
    fuzz::require(again.user.empty() && again.password.empty() && again.origin == url.origin);
}

static void check_answer(ByteView input) {
    if (input.empty())
        return;
    const std::string text(text_of(input.subspan(1)));
    switch (input[0]) {
    case 'r':
        return check_range(text);
    case 'u':
        return check_url(text.substr(0, text.find('\0')));
    case 'h':
        for (const std::string& line : parse_headers(text, "headers"))
            fuzz::require(line.find('\n') == std::string::npos &&
                          line.find('\r') == std::string::npos);
        return;
    default:
        return;
    }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run(check_answer, {data, size}, {ErrorCode::usage});
}
