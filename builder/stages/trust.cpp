// SPDX-License-Identifier: Apache-2.0
#include "builder/stages/trust.hpp"

#include "base/terminal.hpp"
#include "crypto/trust.hpp"

#include <algorithm>

namespace quoin {
namespace {

void add_anchor(std::vector<NamedPublicKey>& anchors, const Recipe& recipe,
                const NamedPublicKey& added) {
    for (const auto& anchor : anchors) {
        if (anchor.key.id() == added.key.id())
            return;
        if (anchor.name == added.name)
            throw recipe.places.mistake("trust.keys", added.name,
                                        "two different keys are named '" + printable(added.name) +
                                            ".pub', expected other names");
    }
    anchors.push_back(added);
}

std::string count_of_keys(std::size_t count) {
    return count == 1 ? "only 1 key is" : "only " + std::to_string(count) + " different keys are";
}

} // namespace

std::vector<NamedPublicKey> trust_anchors(const Recipe& recipe, const BuildKeys& keys) {
    std::vector<NamedPublicKey> anchors;
    if (!recipe.quoin_agent)
        return anchors;
    for (const auto& signer : keys.signing)
        add_anchor(anchors, recipe, {signer.name, signer.key.public_key()});
    for (const auto& key : recipe.trust_keys)
        add_anchor(anchors, recipe, key);
    // One of none is a root without trust: built, with a warning.
    if (recipe.trust_required > std::max<std::size_t>(anchors.size(), 1))
        throw recipe.places.mistake("trust.required", "",
                                    "'required' is " + std::to_string(recipe.trust_required) +
                                        ", but " + count_of_keys(anchors.size()) +
                                        " trusted: no update could ever be installed");
    return anchors;
}

std::vector<std::string> trust_warnings(const Recipe& recipe,
                                        const std::vector<NamedPublicKey>& anchors,
                                        const BundleHead& head) {
    std::vector<std::string> warnings;
    if (head.signatures.empty())
        warnings.emplace_back("the bundle is unsigned, so nodes refuse it; build with --keys "
                              "to sign it");
    if (!recipe.quoin_agent)
        return warnings;
    if (anchors.empty())
        warnings.emplace_back("the root trusts no key, so no update can ever be installed on it; "
                              "build with --keys, or name keys in trust.keys");
    if (anchors.empty() || head.signatures.empty())
        return warnings;

    TrustAnchors trusted;
    for (const auto& anchor : anchors)
        trusted.keys.push_back(anchor.key);
    trusted.required = recipe.trust_required;
    const auto verdict = judge(bytes_of(head.manifest_text), head.signatures, trusted);
    if (!verdict.trusted)
        warnings.push_back("nodes of this image refuse the bundle as it is, " + verdict.reason +
                           ": sign it with further keys too (every signing*.key of --keys signs)");
    return warnings;
}

} // namespace quoin
