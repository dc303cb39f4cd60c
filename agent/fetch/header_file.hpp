// SPDX-License-Identifier: Apache-2.0
// Request headers from a file, since a command line is for everybody on the node to read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace quoin {

/// One "Name: value" a line; empty lines and lines that start with "#" say nothing. Throws
/// Error(usage) "NAME:LINE: …", which does not repeat what stands there: it may be a secret.
[[nodiscard]] std::vector<std::string> parse_headers(std::string_view text,
                                                     const std::string& name);

/// The same from a file of at most 64 KiB.
[[nodiscard]] std::vector<std::string> read_header_file(const std::string& path);

} // namespace quoin
