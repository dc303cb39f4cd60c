// SPDX-License-Identifier: Apache-2.0
#include "builder/sources/layers.hpp"

#include "builder/sources/debian.hpp"
#include "builder/sources/directory.hpp"
#include "builder/sources/oci.hpp"
#include "builder/sources/tar.hpp"

#include <filesystem>

namespace quoin {

namespace {

/// A directory overlay lies in somebody's checkout: who checked it out must not matter, so
/// everything in it belongs to root. An overlay that needs other owners is a tar.
void read_checkout(const std::string& path, const EntrySink& sink,
                   const ProgressObserver& progress) {
    read_directory(
        path,
        [&](const Entry& found, const ContentReader& content) {
            Entry entry = found;
            entry.uid = 0;
            entry.gid = 0;
            sink(entry, content);
        },
        progress);
}

Layer overlay(const std::string& path) {
    const bool is_directory = std::filesystem::is_directory(path);
    Layer layer;
    layer.name = path;
    layer.is_source = false;
    layer.rules.follow_root_links = true;
    layer.rules.soft_directories = is_directory;
    layer.read = [path, is_directory](const EntrySink& sink, const ProgressObserver& progress) {
        if (is_directory)
            read_checkout(path, sink, progress);
        else
            read_tar_file(path, sink, progress);
    };
    return layer;
}

struct SourceLayers {
    const Recipe& recipe;
    const std::string& cache_directory;

    std::vector<Layer> operator()(const DebianSource& source) const {
        return one(
            "Debian " + source.suite,
            [request = DebianRequest{source, recipe.architecture, image_time(recipe)},
             cache = cache_directory](const EntrySink& sink, const ProgressObserver& progress) {
                read_debian(request, cache, sink, progress);
            });
    }
    std::vector<Layer> operator()(const DirectorySource& source) const {
        return one(source.path,
                   [path = source.path](const EntrySink& sink, const ProgressObserver& progress) {
                       read_directory(path, sink, progress);
                   });
    }
    std::vector<Layer> operator()(const TarSource& source) const {
        return one(source.path,
                   [path = source.path](const EntrySink& sink, const ProgressObserver& progress) {
                       read_tar_file(path, sink, progress);
                   });
    }
    std::vector<Layer> operator()(const OciSource& source) const {
        std::vector<Layer> layers;
        for (const OciLayer& blob : find_oci_layers(source, recipe.architecture))
            layers.push_back(
                one(blob.path, [blob](const EntrySink& sink, const ProgressObserver& progress) {
                    read_oci_layer(blob, sink, progress);
                }).front());
        return layers;
    }

    static std::vector<Layer>
    one(std::string name, std::function<void(const EntrySink&, const ProgressObserver&)> read) {
        Layer layer;
        layer.name = std::move(name);
        layer.read = std::move(read);
        return {layer};
    }
};

} // namespace

std::vector<Layer> layers_of(const Recipe& recipe, const std::string& cache_directory) {
    std::vector<Layer> layers;
    for (auto path = recipe.overlays.rbegin(); path != recipe.overlays.rend(); ++path)
        layers.push_back(overlay(*path));
    for (Layer& layer : std::visit(SourceLayers{recipe, cache_directory}, recipe.source))
        layers.push_back(std::move(layer));
    return layers;
}

} // namespace quoin
