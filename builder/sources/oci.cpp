// SPDX-License-Identifier: Apache-2.0
#include "builder/sources/oci.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/terminal.hpp"
#include "base/units.hpp"
#include "builder/sources/tar.hpp"
#include "crypto/digest.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace quoin {

namespace {

using nlohmann::json;

constexpr std::uint64_t largest_document = 4 * MiB;
constexpr unsigned deepest_index = 4;
const char* const tag_annotation = "org.opencontainers.image.ref.name";
const std::string whiteout_prefix = ".wh.";
const std::string opaque_marker = ".wh..wh..opq";

json parse_document(const Bytes& text, const std::string& path) {
    json document = json::parse(text.begin(), text.end(), nullptr, false);
    if (!document.is_object())
        throw refused("cannot read '" + path + "': not a JSON object");
    return document;
}

/// What a descriptor points to. Only a SHA-256 becomes part of a path.
OciLayer blob_of(const json& descriptor, const std::string& layout) {
    const std::string digest = descriptor.is_object() ? descriptor.value("digest", "") : "";
    const std::string prefix = "sha256:";
    const std::string hex = digest.starts_with(prefix) ? digest.substr(prefix.size()) : "";
    if (!Digest::parse(hex))
        throw refused("cannot use OCI layout '" + layout + "': '" + printable(digest) +
                      "' is not a SHA-256 digest");
    OciLayer blob;
    blob.digest = Digest::parse(hex)->hex();
    blob.path = layout + "/blobs/sha256/" + blob.digest;
    blob.size = descriptor.value("size", std::uint64_t{0});
    return blob;
}

json load_blob(const json& descriptor, const std::string& layout) {
    const OciLayer blob = blob_of(descriptor, layout);
    const Bytes text = read_file(blob.path, largest_document);
    if (sha256(text).hex() != blob.digest)
        throw refused("cannot use '" + blob.path + "': its SHA-256 is another");
    return parse_document(text, blob.path);
}

std::string tag_of(const json& descriptor) {
    const auto annotations = descriptor.find("annotations");
    return annotations != descriptor.end() ? annotations->value(tag_annotation, "") : "";
}

bool fits(const json& descriptor, const std::string& architecture) {
    const auto platform = descriptor.find("platform");
    if (platform == descriptor.end())
        return true;
    return platform->value("os", "linux") == "linux" &&
           platform->value("architecture", "") == architecture;
}

/// The one descriptor of an index that passes `wanted`; attestations and other architectures do
/// not.
template <typename Predicate>
json choose(const json& index, const std::string& what, Predicate&& wanted) {
    json chosen;
    for (const json& descriptor : index.at("manifests")) {
        if (!descriptor.is_object() || !wanted(descriptor))
            continue;
        if (!chosen.is_null())
            throw Error(ErrorCode::usage, "cannot choose an image from " + what +
                                              ": several fit, name one as \"layout:tag\"");
        chosen = descriptor;
    }
    if (chosen.is_null())
        throw Error(ErrorCode::usage, "cannot find an image in " + what);
    return chosen;
}

json find_manifest(const OciSource& source, const std::string& architecture) {
    const std::string path = source.layout + "/index.json";
    const json index = parse_document(read_file(path, largest_document), path);
    const std::string what = "OCI layout '" + source.layout + "'" +
                             (source.tag.empty() ? "" : " with tag '" + source.tag + "'");
    json document =
        load_blob(choose(index, what,
                         [&](const json& descriptor) {
                             return fits(descriptor, architecture) &&
                                    (source.tag.empty() || tag_of(descriptor) == source.tag);
                         }),
                  source.layout);
    for (unsigned depth = 0; document.contains("manifests") && depth < deepest_index; ++depth)
        document = load_blob(
            choose(document, what + " for " + architecture,
                   [&](const json& descriptor) { return fits(descriptor, architecture); }),
            source.layout);
    return document;
}

/// Turns whiteout files into entries that hide what lies below.
void pass_entry(const Entry& entry, const ContentReader& content, const EntrySink& sink) {
    const std::size_t slash = entry.path.rfind('/');
    const std::size_t name_start = slash == std::string::npos ? 0 : slash + 1;
    const std::string name = entry.path.substr(name_start);
    if (!name.starts_with(whiteout_prefix)) {
        sink(entry, content);
        return;
    }
    Entry hiding = entry;
    if (name == opaque_marker) {
        hiding.type = EntryType::opaque;
        hiding.path = entry.path.substr(0, slash == std::string::npos ? 0 : slash);
    } else {
        hiding.type = EntryType::whiteout;
        const std::string hidden = normal_entry_path(name.substr(whiteout_prefix.size()));
        if (hidden.empty())
            throw refused("cannot use entry '" + printable(entry.path) + "': it hides no name");
        hiding.path = entry.path.substr(0, name_start) + hidden;
    }
    sink(hiding, read_from({}));
}

} // namespace

std::vector<OciLayer> find_oci_layers(const OciSource& source, const std::string& architecture) {
    try {
        const json manifest =
            find_manifest(source, architecture == "x86-64" ? "amd64" : architecture);
        std::vector<OciLayer> layers;
        for (const json& descriptor : manifest.at("layers"))
            layers.push_back(blob_of(descriptor, source.layout));
        std::reverse(layers.begin(), layers.end()); // the manifest names the lowest first
        return layers;
    } catch (const json::exception& e) {
        throw refused("cannot use OCI layout '" + source.layout + "': " + printable(e.what()));
    }
}

void read_oci_layer(const OciLayer& layer, const EntrySink& sink,
                    const ProgressObserver& progress) {
    const UniqueFd blob = open_file(layer.path, O_RDONLY);
    Sha256 hash;
    std::uint64_t done = 0;
    read_tar(
        blob, layer.path,
        [&](const Entry& entry, const ContentReader& content) { pass_entry(entry, content, sink); },
        [&](ByteView raw) {
            hash.update(raw);
            done += raw.size();
            if (progress)
                progress(done, layer.size);
        });
    if (hash.finish().hex() != layer.digest)
        throw refused("cannot use OCI layer '" + layer.path + "': its SHA-256 is another");
}

} // namespace quoin
