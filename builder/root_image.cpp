// SPDX-License-Identifier: Apache-2.0
// The one pass from sources to squashfs: Quoin's own files, overlays and source in this order, then
// what can only be made when all is known, then the tables.
#include "builder/root_image.hpp"

#include "base/terminal.hpp"
#include "base/unnamed_file.hpp"
#include "builder/root/assembly.hpp"
#include "builder/root/finishing.hpp"
#include "builder/root/requirements.hpp"
#include "builder/root/system_files.hpp"
#include "builder/sources/layers.hpp"
#include "builder/squashfs/image_stream.hpp"
#include "builder/squashfs/writer.hpp"

#include <algorithm>
#include <limits>

namespace quoin {

namespace {

std::uint32_t file_system_time(std::int64_t time) {
    return static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(time, 0, std::numeric_limits<std::uint32_t>::max()));
}

/// Layers report their own bytes one after another; the whole is known only within one.
ProgressObserver layer_progress(const ProgressObserver& progress, std::uint64_t& before,
                                std::uint64_t& done) {
    if (!progress)
        return {};
    return [&progress, &before, &done](std::uint64_t layer_done, std::uint64_t layer_whole) {
        done = before + layer_done;
        progress(done, layer_whole == 0 ? 0 : before + layer_whole);
    };
}

void add_layers(RootAssembly& assembly, const Recipe& recipe, const RootImageOptions& options) {
    std::uint64_t before = 0;
    std::uint64_t done = 0;
    const ProgressObserver progress = layer_progress(options.progress, before, done);
    for (const Layer& layer : layers_of(recipe, options.cache_directory)) {
        assembly.add_layer(layer, progress);
        before = done;
    }
}

VerityLeaves verity_leaves(const Recipe& recipe, const std::string& directory) {
    const std::string place = directory.empty() ? "" : " in '" + directory + "'";
    return {VerityParameters::derived_from(recipe.id), unnamed_file(directory),
            "temporary file" + place};
}

} // namespace

RootImage write_root_image(const Recipe& recipe, const RootImageOptions& options, FdRef out,
                           std::uint64_t offset) {
    const auto epoch = image_time(recipe);
    ImageStream stream(out, offset, verity_leaves(recipe, options.scratch_directory), options.name);
    SquashfsOptions squashfs;
    squashfs.block_size = recipe.block_size;
    squashfs.compression_level = recipe.compression_level;
    squashfs.workers = options.workers;
    squashfs.cache = options.blocks;
    SquashfsWriter writer(stream, squashfs);

    RootAssembly assembly(recipe, writer);
    std::vector<AddedFile> own_files = system_files(recipe);
    own_files.insert(own_files.end(), options.added.begin(), options.added.end());
    assembly.add_files(own_files);
    add_layers(assembly, recipe, options);
    assembly.kernel().require_found(recipe.places);

    FinishedRoot finished = finish_root(assembly, recipe, epoch);
    writer.finish(assembly.tree(), file_system_time(finished.time));

    RootImage image{stream.size(), stream.take_leaves(), stream.take_chunks()};
    image.kernel_release = assembly.kernel().release();
    image.kernel = std::move(assembly.kernel().image());
    image.os_release = std::move(finished.os_release);
    image.time = finished.time;
    image.warnings = std::move(finished.warnings);
    for (std::string& warning :
         missing_requirements(assembly.tree(), options.added, image.kernel_release))
        image.warnings.push_back(std::move(warning));
    for (const std::string& pattern : assembly.removals().unused())
        image.warnings.push_back("the pattern '" + pattern + "' in 'remove' matches nothing");
    for (const auto& [name, path] : writer.lost_attributes())
        image.warnings.push_back("squashfs cannot store the extended attribute '" +
                                 printable(name) + "' (of /" + printable(path) + "), ignoring");
    return image;
}

} // namespace quoin
