// SPDX-License-Identifier: Apache-2.0
#include "crypto/trust.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/toml.hpp"

#include <algorithm>
#include <filesystem>

namespace quoin {

namespace {

/// What lies in a directory of anchors.
struct AnchorDirectory {
    std::vector<std::string> key_files; ///< sorted, so that messages do not depend on the disk
    bool has_trust_file = false;
};

} // namespace

static constexpr const char* trust_file_name = "trust.toml";

static AnchorDirectory list_anchors(const std::string& path) {
    AnchorDirectory found;
    try {
        for (const auto& entry : std::filesystem::directory_iterator(path)) {
            const std::filesystem::path extension = entry.path().extension();
            if (extension == ".pub" || extension == ".pem" || extension == ".crt")
                found.key_files.push_back(entry.path().string());
            else if (entry.path().filename() == trust_file_name)
                found.has_trust_file = true;
        }
    } catch (const std::filesystem::filesystem_error& e) {
        throw Error("cannot read directory '" + path + "': " + e.code().message());
    }
    std::ranges::sort(found.key_files);
    return found;
}

/// The number in "required = N", the only thing the file may say.
static unsigned read_required(const std::string& path) {
    const std::string text = read_text(path);
    const auto wrong = [&](const std::string& why) {
        return Error(ErrorCode::usage, "cannot read '" + path + "': " + why);
    };
    try {
        const toml::table table = toml::parse(text, path);
        const auto required = table["required"].value_exact<std::int64_t>();
        if (table.size() != 1 || !required || *required < 1 || *required > most_required_signatures)
            throw wrong("expected the one line 'required = N', N at least 1");
        return static_cast<unsigned>(*required);
    } catch (const toml::parse_error& e) {
        throw wrong(std::string(e.description()));
    }
}

static void add_distinct(std::vector<PublicKey>& keys, PublicKey key) {
    const auto is_same = [&](const PublicKey& other) { return other.id() == key.id(); };
    if (std::ranges::none_of(keys, is_same))
        keys.push_back(std::move(key));
}

TrustAnchors TrustAnchors::read(const std::vector<std::string>& paths) {
    TrustAnchors anchors;
    for (const std::string& path : paths) {
        if (!std::filesystem::is_directory(path)) {
            add_distinct(anchors.keys, PublicKey::read(path));
            continue;
        }
        const AnchorDirectory directory = list_anchors(path);
        for (const std::string& file : directory.key_files)
            add_distinct(anchors.keys, PublicKey::read(file));
        if (directory.has_trust_file) // of several directories the strictest counts
            anchors.required =
                std::max(anchors.required, read_required(path + "/" + trust_file_name));
    }
    if (anchors.keys.empty())
        throw Error(ErrorCode::usage, "no trusted key was found: nothing could be verified");
    return anchors;
}

Verdict judge(ByteView message, const std::vector<Signature>& signatures,
              const TrustAnchors& anchors) {
    Verdict verdict;
    for (const PublicKey& key : anchors.keys) {
        bool signed_by_key = false;
        for (const Signature& signature : signatures) {
            if (signature.key_id != key.id())
                continue;
            if (!key.verifies(message, signature)) {
                verdict.reason = "the signature of trusted key '" + key.name() +
                                 "' does not verify: signature or content was changed";
                return verdict;
            }
            signed_by_key = true;
        }
        if (signed_by_key)
            verdict.signers.push_back(key.name());
    }
    const std::size_t required = std::max(anchors.required, 1U); // zero never means "anybody"
    verdict.trusted = verdict.signers.size() >= required;
    if (!verdict.trusted && verdict.signers.empty())
        verdict.reason = "not signed by any trusted key";
    else if (!verdict.trusted)
        verdict.reason = "signed by " + std::to_string(verdict.signers.size()) +
                         (verdict.signers.size() == 1 ? " trusted key, " : " trusted keys, ") +
                         std::to_string(required) + " are required";
    return verdict;
}

} // namespace quoin
