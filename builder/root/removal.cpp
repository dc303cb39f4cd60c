// SPDX-License-Identifier: Apache-2.0
#include "builder/root/removal.hpp"

#include <algorithm>
#include <fnmatch.h>

namespace quoin {

RemovalPatterns::RemovalPatterns(const std::vector<std::string>& patterns) {
    for (const std::string& text : patterns)
        patterns_.push_back({text});
}

bool RemovalPatterns::match(const std::string& path) {
    if (patterns_.empty() || path.empty())
        return false;
    const std::string absolute = "/" + path;
    for (std::size_t end = 0; end != std::string::npos;) {
        end = absolute.find('/', end + 1);
        const std::string prefix = absolute.substr(0, end);
        for (Pattern& pattern : patterns_) {
            if (fnmatch(pattern.text.c_str(), prefix.c_str(), FNM_PATHNAME) == 0) {
                pattern.used = true;
                return true;
            }
        }
    }
    return false;
}

std::vector<std::string> RemovalPatterns::unused() const {
    std::vector<std::string> texts;
    for (const Pattern& pattern : patterns_)
        if (!pattern.used)
            texts.push_back(pattern.text);
    return texts;
}

} // namespace quoin
