// SPDX-License-Identifier: Apache-2.0
// Fills in the manifest; the format is lib/bundle's.
#include "builder/stages/bundle.hpp"

namespace quoin {
namespace {

/// The oldest agent that understands format and fields of today's bundles.
constexpr const char* minimum_agent = "0.1.0";

} // namespace

BundleWriter begin_bundle(FdRef out, const std::string& name, Release release,
                          const BuildKeys& keys) {
    const auto& recipe = release.recipe;
    Manifest manifest;
    manifest.id = recipe.id;
    manifest.version = recipe.version;
    manifest.architecture = recipe.architecture;
    manifest.compatible = recipe.compatible;
    manifest.security_epoch = recipe.security_epoch;
    manifest.minimum_agent = minimum_agent;
    manifest.tries = recipe.tries;
    manifest.root_size = release.root.size();
    manifest.root_hash = release.root_hash;
    manifest.salt = release.verity.salt;
    manifest.verity_uuid = release.verity.uuid;
    manifest.uki_size = release.uki.size();
    manifest.uki_sha256 = sha256(release.uki);

    std::vector<SigningKey> signers;
    for (const auto& signer : keys.signing)
        signers.push_back(signer.key);
    BundleWriter writer(out, name, {release.index, release.root, release.uki});
    (void)writer.write_head(manifest, std::move(release.contents), signers);
    return writer;
}

std::vector<std::string> random_algorithms(const BundleHead& head) {
    std::vector<std::string> names;
    for (const Signature& signature : head.signatures)
        if (signature.algorithm != SignatureAlgorithm::ed25519)
            names.emplace_back(name_of(signature.algorithm));
    return names;
}

} // namespace quoin
