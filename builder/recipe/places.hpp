// SPDX-License-Identifier: Apache-2.0
// Where a recipe's values stand, for mistakes that only a later stage can see.
#pragma once

#include "base/error.hpp"

#include <map>
#include <string>
#include <utility>

namespace quoin {

/// Places "file:line:column" or "--set KEY", by key ("boot.modules"); `value` tells the elements of
/// a list apart and is empty otherwise.
class RecipePlaces {
  public:
    void remember(const std::string& key, const std::string& value, std::string place) {
        places_[{key, value}] = std::move(place);
    }

    /// Error(usage) "PLACE: TEXT"; the text alone when the recipe does not say the value itself.
    [[nodiscard]] Error mistake(const std::string& key, const std::string& value,
                                const std::string& text) const {
        const auto found = places_.find({key, value});
        const Error error(ErrorCode::usage, text);
        return found == places_.end() ? error : error.with_context(found->second);
    }

  private:
    std::map<std::pair<std::string, std::string>, std::string> places_;
};

} // namespace quoin
