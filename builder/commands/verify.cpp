// SPDX-License-Identifier: Apache-2.0
// `quoin verify FILE --trust KEY...`: every signature, chunk and hash of a bundle or disk image.
#include "builder/commands/verify.hpp"

#include "base/error.hpp"
#include "base/terminal.hpp"
#include "builder/artifacts/verify_image.hpp"
#include "builder/interruption.hpp"

#include <fmt/format.h>
#include <iostream>
#include <nlohmann/json.hpp>

namespace quoin {
namespace {

VerifiedSystem verify_bundle(const Region& bundle, const TrustAnchors& anchors,
                             const ProgressObserver& progress) {
    const auto head = read_bundle_head(bundle);
    VerifiedSystem system;
    system.manifest = head.authenticate(anchors);
    system.signers = judge(bytes_of(head.manifest_text), head.signatures, anchors).signers;
    verify_bundle_data(bundle, head, system.manifest, progress);
    return system;
}

std::vector<VerifiedSystem> verify_file(const std::string& path, const TrustAnchors& anchors) {
    StageProgress progress("verifying");
    const auto fd = open_file(path, O_RDONLY);
    switch (artifact_kind(fd, path)) {
    case ArtifactKind::bundle:
        return {verify_bundle({fd, 0, size_of(fd, path), path}, anchors, progress.observer())};
    case ArtifactKind::disk_image:
        return verify_image(DiskImage::open(path), anchors, progress.observer());
    case ArtifactKind::uki:
        throw Error(ErrorCode::usage, "'" + path +
                                          "' is a UKI: verify the bundle or image it is "
                                          "part of, or its own signature with sbverify");
    }
    throw std::logic_error("unknown kind of file");
}

} // namespace

void verify(const VerifyOptions& options) {
    auto anchors = TrustAnchors::read(options.trust);
    if (options.required != 0)
        anchors.required = options.required;
    const auto systems = in_context("'" + options.file + "' is refused",
                                    [&] { return verify_file(options.file, anchors); });

    auto list = nlohmann::json::array();
    for (const auto& system : systems) {
        const auto& manifest = system.manifest;
        if (!options.json) {
            std::cout << fmt::format("{}{} {} ({}) is what {} signed\n",
                                     system.slot.empty() ? ""
                                                         : fmt::format("slot {}: ", system.slot),
                                     manifest.id, manifest.version, manifest.architecture,
                                     printable(fmt::format("{}", fmt::join(system.signers, ", "))));
            std::cout << fmt::format("  root hash  {}\n", manifest.root_hash.hex());
        }
        list.push_back(
            {{"slot", system.slot.empty() ? nlohmann::json() : nlohmann::json(system.slot)},
             {"id", manifest.id},
             {"version", manifest.version},
             {"architecture", manifest.architecture},
             {"root_hash", manifest.root_hash.hex()},
             {"signers", system.signers}});
    }
    if (options.json)
        std::cout << nlohmann::json{{"trusted", true},
                                    {"required", anchors.required},
                                    {"systems", list}}
                         .dump(2)
                  << "\n";
    std::cout.flush();
}

} // namespace quoin
