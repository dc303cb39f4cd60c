// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory_resource>
#include <string_view>

namespace quoin {

/// Keeps very many short texts close together, until it dies itself: a string of its own takes 50
/// bytes besides its text.
class TextStore {
  public:
    [[nodiscard]] std::string_view keep(std::string_view text) {
        if (text.empty())
            return {};
        auto* copy = static_cast<char*>(memory_.allocate(text.size(), 1));
        std::ranges::copy(text, copy);
        return {copy, text.size()};
    }

  private:
    std::pmr::monotonic_buffer_resource memory_;
};

} // namespace quoin
