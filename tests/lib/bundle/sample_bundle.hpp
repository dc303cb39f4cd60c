// SPDX-License-Identifier: Apache-2.0
// A small but complete bundle: 24 KiB of root in five chunks, a UKI in two, three generations.
#pragma once

#include "base/file.hpp"
#include "bundle/reader.hpp"
#include "bundle/writer.hpp"
#include "disk/verity.hpp"

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace quoin::test {

/// Bytes without repetition, the same in every run.
inline Bytes sample_bytes(std::size_t size, std::string_view seed) {
    Bytes out;
    for (std::uint64_t counter = 0; out.size() < size; ++counter) {
        const Digest block = sha256(bytes_of(seed), view_of(le64(counter)));
        out.insert(out.end(), block.bytes.begin(), block.bytes.end());
    }
    out.resize(size);
    return out;
}

inline Chunk sample_chunk(ByteView content, ChunkKind kind, std::uint16_t generation) {
    return {chunk_hash(content), static_cast<std::uint32_t>(content.size()), kind, generation};
}

/// What goes into a bundle.
struct Sample {
    Bytes root = sample_bytes(24576, "root");
    Bytes uki = sample_bytes(1500, "uki");
    SlotIndex index;
    Contents contents{{{"/bin/new", "package", 7, 0, 1, 1, 3, 500}, {".linux", "", 8, 1, 5, 1}}};
    Manifest manifest;
    Bytes patches; ///< what a later version puts at the end

    Sample() {
        // Chunks end where compressed blocks do: anywhere.
        const std::array<std::pair<std::size_t, std::uint16_t>, 5> root_chunks{
            {{5000, 2}, {7001, 0}, {4096, 1}, {8000, 0}, {479, 2}}};
        std::size_t offset = 0;
        for (const auto& [size, generation] : root_chunks) {
            index.root.push_back(
                sample_chunk(ByteView(root).subspan(offset, size), ChunkKind::data, generation));
            offset += size;
        }
        index.uki = {sample_chunk(ByteView(uki).first(1000), ChunkKind::uki, 1),
                     sample_chunk(ByteView(uki).subspan(1000), ChunkKind::uki, 0)};

        const auto parameters = VerityParameters::derived_from("node");
        manifest.id = "node";
        manifest.version = "1.2.3";
        manifest.architecture = "x86-64";
        manifest.compatible = "node";
        manifest.minimum_agent = "0.1.0";
        manifest.root_size = root.size();
        manifest.salt = parameters.salt;
        manifest.verity_uuid = parameters.uuid;
        manifest.uki_size = uki.size();
        manifest.uki_sha256 = sha256(uki);
        VerityWriter verity(parameters, root.size());
        verity.update(root);
        manifest.root_hash = verity.finish();
    }
};

/// A sample packed into a file.
class PackedSample {
  public:
    explicit PackedSample(const Sample& sample, const std::vector<SigningKey>& keys)
        : fd_(open_file(path(), O_RDWR | O_CREAT | O_TRUNC)) {
        const std::string root_path = directory_.path() + "/root";
        replace_file_durably(root_path, sample.root);
        const UniqueFd root = open_file(root_path, O_RDONLY);
        BundleWriter writer(
            fd_, path(), {sample.index, Region(root, 0, sample.root.size(), "root"), sample.uki});
        manifest_ = writer.write_head(sample.manifest, sample.contents, keys);
        writer.write_data();
        pwrite_all(fd_, sample.patches, size_of(fd_, path()), path());
    }

    [[nodiscard]] std::string path() const { return directory_.path() + "/node.quoin"; }
    [[nodiscard]] const Manifest& manifest() const { return manifest_; }
    [[nodiscard]] FdRef fd() const { return fd_; }
    [[nodiscard]] Region region() const { return {fd_, 0, size_of(fd_, path()), "bundle"}; }
    [[nodiscard]] Bytes content() const { return read_file(path(), 1 << 20); }

  private:
    TemporaryDirectory directory_;
    UniqueFd fd_;
    Manifest manifest_;
};

} // namespace quoin::test
