// SPDX-License-Identifier: Apache-2.0
// Users and groups: the four files of /etc, edited as text so that everything not asked for stays
// as it was. Formats: passwd(5), shadow(5), group(5), gshadow(5).
#pragma once

#include "builder/recipe.hpp"

#include <string>
#include <vector>

namespace quoin {

/// Contents of /etc/passwd, shadow, group and gshadow; an absent shadow file is empty.
struct AccountFiles {
    std::string passwd;
    std::string shadow;
    std::string group;
    std::string gshadow;
};

/// Who a recipe's user turned out to be.
struct Account {
    std::string name;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::string home;
};

/// Adds the users, or changes those that exist (groups, password, shell, home when given). A new
/// user gets a group of its own. `day`: days since 1970, for shadow's date of change. Throws
/// the recipe's mistake naming user and cause: a group that does not exist, a uid that is taken.
[[nodiscard]] std::vector<Account> apply_users(AccountFiles& files,
                                               const std::vector<RecipeUser>& users,
                                               std::int64_t day, const RecipePlaces& places = {});

/// Locks root's password, unless it is locked already. True when there was one (or an empty one).
bool lock_root(AccountFiles& files);

} // namespace quoin
