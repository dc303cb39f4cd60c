// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"
#include "builder/stages/trust.hpp"
#include "support/catch.hpp"

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using namespace quoin;

namespace {

BuildKeys keys_of(const std::vector<NamedSigningKey>& signing) {
    BuildKeys keys;
    keys.signing = signing;
    return keys;
}

NamedPublicKey public_half(const std::string& name, const SigningKey& key) {
    return {name, key.public_key()};
}

Recipe recipe_requiring(unsigned required) {
    Recipe recipe;
    recipe.trust_required = required;
    recipe.places.remember("trust.required", "", "node.toml:9:12");
    recipe.places.remember("trust.keys", "signing", "node.toml:8:9");
    return recipe;
}

BundleHead head_signed_by(const std::vector<SigningKey>& keys) {
    BundleHead head;
    head.manifest_text = "{}";
    for (const auto& key : keys)
        head.signatures.push_back(key.sign(bytes_of(head.manifest_text)));
    return head;
}

} // namespace

TEST_CASE("the same key in --keys and in the recipe is one anchor") {
    const auto key = SigningKey::generate();
    Recipe recipe = recipe_requiring(1);
    recipe.trust_keys = {public_half("other-name", key), public_half("signing", key)};
    const auto anchors = trust_anchors(recipe, keys_of({{"signing", key}}));
    REQUIRE(anchors.size() == 1);
    CHECK(anchors[0].name == "signing");
}

TEST_CASE("more signatures than there are different keys are the recipe's mistake") {
    const auto key = SigningKey::generate();
    Recipe recipe = recipe_requiring(2);
    recipe.trust_keys = {public_half("copy", key)};
    CHECK_THROWS_WITH(trust_anchors(recipe, keys_of({{"signing", key}})),
                      "node.toml:9:12: 'required' is 2, but only 1 key is trusted: no update could "
                      "ever be installed");
    recipe.quoin_agent = false; // then there are no anchors to satisfy
    CHECK(trust_anchors(recipe, keys_of({{"signing", key}})).empty());
}

TEST_CASE("as many signatures may be required as there are different keys") {
    const auto keys =
        keys_of({{"signing-a", SigningKey::generate()}, {"signing-b", SigningKey::generate()}});
    Recipe recipe = recipe_requiring(3);
    recipe.trust_keys = {public_half("third", SigningKey::generate())};
    CHECK(trust_anchors(recipe, keys).size() == 3);
    recipe.trust_required = 4;
    CHECK_THROWS_WITH(trust_anchors(recipe, keys), Contains("only 3 different keys are trusted"));
}

TEST_CASE("two different keys of one name are the recipe's mistake") {
    Recipe recipe = recipe_requiring(1);
    recipe.trust_keys = {public_half("signing", SigningKey::generate())};
    CHECK_THROWS_WITH(trust_anchors(recipe, keys_of({{"signing", SigningKey::generate()}})),
                      StartsWith("node.toml:8:9: two different keys are named 'signing.pub'"));
}

TEST_CASE("a bundle that its own image's nodes would refuse gets a warning") {
    const auto here = SigningKey::generate();
    const auto elsewhere = SigningKey::generate();
    Recipe recipe = recipe_requiring(2);
    const std::vector<NamedPublicKey> anchors = {public_half("signing", here),
                                                 public_half("release", elsewhere)};
    CHECK(trust_warnings(recipe, anchors, head_signed_by({here, elsewhere})).empty());
    const auto warnings = trust_warnings(recipe, anchors, head_signed_by({here}));
    REQUIRE(warnings.size() == 1);
    CHECK_THAT(warnings[0], Contains("signed by 1 trusted key, 2 are required"));
}

TEST_CASE("an unsigned bundle and a root that trusts nobody get warnings") {
    Recipe recipe = recipe_requiring(1);
    const auto anchors = trust_anchors(recipe, {});
    CHECK(anchors.empty());
    const auto warnings = trust_warnings(recipe, anchors, head_signed_by({}));
    REQUIRE(warnings.size() == 2);
    CHECK_THAT(warnings[0], Contains("unsigned"));
    CHECK_THAT(warnings[1], Contains("trusts no key"));
    recipe.quoin_agent = false;
    CHECK(trust_warnings(recipe, anchors, head_signed_by({})).size() == 1);
}
