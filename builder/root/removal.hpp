// SPDX-License-Identifier: Apache-2.0
// The recipe's `remove`: paths of the source that do not get into the root.
#pragma once

#include <string>
#include <vector>

namespace quoin {

/// Shell patterns of absolute paths. '*' does not match '/'; what matches goes with all below it.
class RemovalPatterns {
  public:
    explicit RemovalPatterns(const std::vector<std::string>& patterns);

    /// Whether `path` (relative to the root), or a directory above it, matches.
    [[nodiscard]] bool match(const std::string& path);

    /// Patterns that nothing has matched so far: probably misspelt.
    [[nodiscard]] std::vector<std::string> unused() const;

  private:
    struct Pattern {
        std::string text;
        bool used = false;
    };
    std::vector<Pattern> patterns_;
};

} // namespace quoin
