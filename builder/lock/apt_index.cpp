// SPDX-License-Identifier: Apache-2.0
#include "builder/lock/apt_index.hpp"

#include <algorithm>
#include <ctime>
#include <iomanip>
#include <sstream>

namespace quoin {

/// "Name: value" of a stanza; empty when absent.
static std::string_view field(std::string_view stanza, std::string_view name) {
    for (std::size_t start = 0; start < stanza.size();) {
        const std::size_t end = std::min(stanza.find('\n', start), stanza.size());
        const auto line = stanza.substr(start, end - start);
        if (line.starts_with(name) && line.substr(name.size()).starts_with(": "))
            return line.substr(name.size() + 2);
        start = end + 1;
    }
    return {};
}

void each_stanza(std::string_view index,
                 const std::function<void(std::string_view stanza)>& visit) {
    for (std::size_t start = 0; start < index.size();) {
        const std::size_t end = std::min(index.find("\n\n", start), index.size());
        visit(index.substr(start, end - start));
        start = end + 2;
    }
}

std::optional<PinnedPackage> package_in(std::string_view stanza) {
    const auto digest = Digest::parse(std::string(field(stanza, "SHA256")));
    PinnedPackage package{std::string(field(stanza, "Package")),
                          std::string(field(stanza, "Version")),
                          std::string(field(stanza, "Architecture")), digest.value_or(Digest())};
    if (package.name.empty() || package.version.empty() || !digest || !is_lock_word(package.name) ||
        !is_lock_word(package.version) || !is_lock_word(package.architecture))
        return std::nullopt;
    return package;
}

std::string percent_decoded(std::string_view text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto code =
            text[i] == '%' ? from_hex(std::string(text.substr(i + 1, 2))) : std::optional<Bytes>();
        if (code && code->size() == 1) {
            decoded += static_cast<char>(code->front());
            i += 2;
        } else {
            decoded += text[i];
        }
    }
    return decoded;
}

std::optional<PinnedPackage> package_named(std::string_view file) {
    const auto first = file.find('_');
    const auto last = file.rfind('_');
    if (first == file.npos || first == last || !file.ends_with(".deb"))
        return std::nullopt;
    PinnedPackage package;
    package.name = file.substr(0, first);
    package.architecture = file.substr(last + 1, file.size() - last - 5);
    package.version = percent_decoded(file.substr(first + 1, last - first - 1));
    return package;
}

/// "Sat, 09 Nov 2024 10:20:30 UTC"
std::int64_t release_time(std::string_view release) {
    std::tm parts{};
    std::istringstream stream(std::string(field(release, "Date"))); // of the classic locale
    stream >> std::get_time(&parts, "%a, %d %b %Y %H:%M:%S");
    return stream ? std::max<std::int64_t>(timegm(&parts), 0) : 0;
}

} // namespace quoin
