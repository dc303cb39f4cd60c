// SPDX-License-Identifier: Apache-2.0
// Which keys the nodes of an image trust, and what they will think of the bundle made with it.
#pragma once

#include "builder/build_keys.hpp"
#include "builder/recipe.hpp"
#include "bundle/head.hpp"

#include <string>
#include <vector>

namespace quoin {

/// The public keys that go into the root: those of `keys`, then the recipe's, each key once; none
/// when the recipe wants nothing of Quoin's in there. Throws the recipe's mistake when two
/// different keys have one name, and when more must sign than there are keys: no node could ever
/// be updated.
[[nodiscard]] std::vector<NamedPublicKey> trust_anchors(const Recipe& recipe,
                                                        const BuildKeys& keys);

/// Why nodes with these anchors refuse the bundle as it is now. That can be meant: another key may
/// sign it elsewhere.
[[nodiscard]] std::vector<std::string> trust_warnings(const Recipe& recipe,
                                                      const std::vector<NamedPublicKey>& anchors,
                                                      const BundleHead& head);

} // namespace quoin
