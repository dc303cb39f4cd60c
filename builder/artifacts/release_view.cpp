// SPDX-License-Identifier: Apache-2.0
#include "builder/artifacts/release_view.hpp"

#include "base/error.hpp"
#include "base/unnamed_file.hpp"
#include "builder/artifacts/artifact.hpp"
#include "builder/artifacts/release_contents.hpp"
#include "builder/interruption.hpp"

namespace quoin {
namespace {

struct OpenBundle {
    UniqueFd fd;
    Region bundle;
    BundleHead head;
    Manifest manifest;

    explicit OpenBundle(const std::string& path)
        : fd(open_file(path, O_RDONLY)), bundle(fd, 0, size_of(fd, path), path),
          head(read_head_of_whole(bundle)), manifest(head.unauthenticated()) {}

    [[nodiscard]] ReleaseSummary summary() const {
        ReleaseSummary release;
        release.name = manifest.id + " " + manifest.version;
        release.index = read_bundle_index(bundle, head, manifest);
        release.contents = read_bundle_contents(
            bundle, head, manifest, release.index.root.size() + release.index.uki.size());
        release.head_size = head.header.head_size();
        release.index_size = head.header.index_size;
        return release;
    }
};

ReleaseView open_bundle(const std::string& path) {
    const OpenBundle open(path);
    ReleaseView release;
    static_cast<ReleaseSummary&>(release) = open.summary();
    release.file = unnamed_file();
    StageProgress progress("reading the bundle");
    const auto observer = progress.observer();
    const auto& header = open.head.header;
    const Region data = open.bundle.part(header.data_offset(), header.data_size, path);
    Bytes buffer;
    for (const auto& placed : place_chunks(release.index)) {
        if (placed.in_uki)
            continue;
        buffer.resize(placed.chunk.size);
        data.read(buffer, placed.data_offset);
        pwrite_all(release.file, buffer, placed.target_offset, "temporary file");
        observer(placed.data_offset, data.size());
    }
    release.root = std::make_unique<RootReader>(release.file, 0, open.manifest.root_size);
    return release;
}

const ImageSlot& preferred_slot(const DiskImage& image, const std::string& path) {
    const auto* slot = image.preferred();
    if (slot == nullptr)
        throw refused("'" + path + "' holds no system that could start");
    return *slot;
}

ReleaseView open_image(const std::string& path) {
    auto image = DiskImage::open(path);
    const auto& slot = preferred_slot(image, path);
    const auto stored = read_slot_index(image.region(slot.verity));
    if (!stored)
        throw refused("'" + path + "' has no block index in slot '" + slot.name + "'");
    ReleaseView release;
    release.name = slot.root.label;
    if (const auto separator = release.name.find('_'); separator != std::string::npos)
        release.name[separator] = ' ';
    release.index = SlotIndex::parse(stored->index);
    release.index_size = stored->index.size();
    release.head_size = slot.head ? slot.head->size() : 0;
    const auto data_blocks = slot.uki->claims->data_blocks;
    if (data_blocks > slot.root.size / verity_block_size)
        throw refused("'" + path + "' has a root larger than its partition");
    release.root =
        std::make_unique<RootReader>(image.fd, slot.root.start, data_blocks * verity_block_size);
    release.contents = ReleaseContents(*release.root, release.index.root)
                           .with_uki(release.index, slot.uki->content);
    release.file = std::move(image.fd);
    return release;
}

[[noreturn]] void refuse_uki(const std::string& path) {
    throw Error(ErrorCode::usage, "'" + path + "' is a UKI: it takes a bundle or a disk image");
}

} // namespace

ReleaseSummary summarize_release(const std::string& path) {
    switch (artifact_kind(open_file(path, O_RDONLY), path)) {
    case ArtifactKind::bundle:
        return OpenBundle(path).summary();
    case ArtifactKind::disk_image:
        return open_image(path);
    case ArtifactKind::uki:
        refuse_uki(path);
    }
    throw std::logic_error("unknown kind of file");
}

ReleaseView open_release(const std::string& path) {
    switch (artifact_kind(open_file(path, O_RDONLY), path)) {
    case ArtifactKind::bundle:
        return open_bundle(path);
    case ArtifactKind::disk_image:
        return open_image(path);
    case ArtifactKind::uki:
        refuse_uki(path);
    }
    throw std::logic_error("unknown kind of file");
}

} // namespace quoin
