// SPDX-License-Identifier: Apache-2.0
#include "builder/artifacts/release_view.hpp"

#include "base/error.hpp"
#include "builder/artifacts/artifact.hpp"
#include "builder/interruption.hpp"

#include <cstdlib>

namespace quoin {
namespace {

/// A file without a name in $TMPDIR: gone with its descriptor, whatever happens.
UniqueFd unnamed_file() {
    const char* directory = std::getenv("TMPDIR");
    return open_file(directory != nullptr && *directory != '\0' ? directory : "/tmp",
                     O_RDWR | O_TMPFILE, 0600);
}

ReleaseView open_bundle(const std::string& path) {
    const auto fd = open_file(path, O_RDONLY);
    const Region bundle(fd, 0, size_of(fd, path), path);
    const auto head = read_bundle_head(bundle);
    const auto manifest = head.unauthenticated();
    ReleaseView release;
    release.name = manifest.id + " " + manifest.version;
    release.index = read_bundle_index(bundle, head, manifest);
    release.head_size = head.header.head_size();
    release.index_size = head.header.index_size;

    release.file = unnamed_file();
    StageProgress progress("reading the bundle");
    const auto observer = progress.observer();
    const Region data = bundle.part(head.header.data_offset(), head.header.data_size, path);
    Bytes buffer;
    for (const auto& placed : place_chunks(release.index)) {
        if (placed.in_uki)
            continue;
        buffer.resize(placed.chunk.size);
        data.read(buffer, placed.data_offset);
        pwrite_all(release.file, buffer, placed.target_offset, "temporary file");
        observer(placed.data_offset, data.size());
    }
    release.root = std::make_unique<RootReader>(release.file, 0, manifest.root_size);
    return release;
}

ReleaseView open_image(const std::string& path) {
    auto image = DiskImage::open(path);
    const auto* slot = image.preferred();
    if (slot == nullptr)
        throw refused("'" + path + "' holds no system that could start");
    const auto stored = read_slot_index(image.region(slot->verity));
    if (!stored)
        throw refused("'" + path + "' has no block index in slot '" + slot->name + "'");
    ReleaseView release;
    release.name = slot->root.label;
    if (const auto separator = release.name.find('_'); separator != std::string::npos)
        release.name[separator] = ' ';
    release.index = SlotIndex::parse(stored->index);
    release.index_size = stored->index.size();
    release.head_size = slot->head ? slot->head->size() : 0;
    const auto root_size = slot->uki->claims->data_blocks * verity_block_size;
    if (slot->uki->claims->data_blocks > slot->root.size / verity_block_size)
        throw refused("'" + path + "' has a root larger than its partition");
    release.file = std::move(image.fd);
    release.root = std::make_unique<RootReader>(release.file, slot->root.start, root_size);
    return release;
}

} // namespace

ReleaseView open_release(const std::string& path) {
    switch (artifact_kind(open_file(path, O_RDONLY), path)) {
    case ArtifactKind::bundle:
        return open_bundle(path);
    case ArtifactKind::disk_image:
        return open_image(path);
    case ArtifactKind::uki:
        throw Error(ErrorCode::usage,
                    "'" + path + "' is a UKI: only bundles and disk images can be compared");
    }
    throw std::logic_error("unknown kind of file");
}

} // namespace quoin
