// SPDX-License-Identifier: Apache-2.0
// `quoin build RECIPE`: the stages of a build, in order.
#include "builder/commands/build.hpp"

#include "base/error.hpp"
#include "base/terminal.hpp"
#include "builder/artifacts/release_contents.hpp"
#include "builder/artifacts/release_view.hpp"
#include "builder/build_keys.hpp"
#include "builder/build_outputs.hpp"
#include "builder/cache/build_cache.hpp"
#include "builder/interruption.hpp"
#include "builder/lock/apply_lock.hpp"
#include "builder/own_programs.hpp"
#include "builder/root_image.hpp"
#include "builder/stages/boot_files.hpp"
#include "builder/stages/bundle.hpp"
#include "builder/stages/data_file_system.hpp"
#include "builder/stages/disk_layout.hpp"
#include "builder/stages/esp.hpp"
#include "builder/stages/generations.hpp"
#include "builder/stages/initrd.hpp"
#include "builder/stages/node_root_files.hpp"
#include "builder/stages/report.hpp"
#include "builder/stages/secure_boot.hpp"
#include "builder/stages/trust.hpp"
#include "builder/stages/uki.hpp"
#include "bundle/head.hpp"
#include "disk/gpt_create.hpp"

#include <fmt/format.h>
#include <iostream>
#include <malloc.h>
#include <unistd.h>

namespace quoin {
namespace {

void announce(const std::string& stage) {
    check_interruption();
    say_detail(stage);
}

/// The tree of a large root was a hundred MiB in small pieces, and so are its package lists. malloc
/// would keep them, and what comes next is in large pieces or on other threads.
void return_freed_memory() {
    ::malloc_trim(0);
}

Region window(const PendingFile& disk, Extent place, const std::string& name) {
    return {disk.fd(), place.start, place.size, name + " of '" + disk.final_path() + "'"};
}

RootImage write_root(const Recipe& recipe, const std::vector<NamedPublicKey>& anchors,
                     BuildCache& cache, const PendingFile& disk) {
    StageProgress progress("packing the root");
    RootImageOptions options;
    options.added = node_root_files(recipe, anchors);
    options.cache_directory = cache.directory();
    options.blocks = cache.blocks();
    options.progress = progress.observer();
    options.name = disk.final_path();
    options.scratch_directory = parent_of(disk.final_path());
    return write_root_image(recipe, options, disk.fd(), esp_extent(recipe).end());
}

/// The file of leaves is gone after that.
Digest write_verity(VerityLeaves leaves, const Region& partition) {
    return leaves.finish(
        [&](std::uint64_t offset, ByteView block) { partition.write(block, offset); });
}

Initrd make_initrd(const Recipe& recipe, const RootImage& root, const PendingFile& disk,
                   Extent place, BuildCache& cache) {
    RootReader reader(disk.fd(), place.start, root.size);
    RootFiles files;
    files.read = [&](const std::string& path) { return reader.read(path); };
    for (const auto& directory : directories_for_initrd(root.kernel_release))
        for (auto& path : reader.paths_below(directory, is_path_for_initrd))
            files.paths.push_back(std::move(path));
    return build_initrd(recipe, files, root.kernel_release,
                        read_own_program("quoin-early", "build the target quoin-early"),
                        cache.blocks());
}

void close_cache(BuildCache& cache) {
    const auto problems = [&cache] {
        StageProgress progress("keeping compressed blocks");
        return cache.close(progress.observer());
    }();
    check_interruption(); // the problem may be just that
    for (const auto& problem : problems)
        say_warning(problem);
}

/// Beside the work on the UKI.
std::future<ReleaseContents> begin_listing_contents(const RootImage& root, const PendingFile& disk,
                                                    Extent place) {
    return std::async(std::launch::async, [&root, &disk, place] {
        RootReader reader(disk.fd(), place.start, root.size);
        return ReleaseContents(reader, root.chunks);
    });
}

Bytes read_head(const PendingFile& bundle) {
    const auto& name = bundle.final_path();
    Bytes header(bundle_header_size);
    pread_exact(bundle.fd(), header, 0, name);
    Bytes head(BundleHeader::parse(header).head_size());
    pread_exact(bundle.fd(), head, 0, name);
    return head;
}

/// Some 32 bits that are the same for the same root.
std::uint32_t volume_id(const Digest& root_hash) {
    return load<le32>(root_hash.bytes);
}

void write_bundle_data(const BundleWriter& bundle) {
    StageProgress progress("writing the bundle");
    bundle.write_data(progress.observer());
}

/// Context of an error: tools are told the disk image's temporary name, people its own.
std::string writing(const PendingFile& disk) {
    return "writing '" + disk.final_path() + "'";
}

void write_boot_partition(const Recipe& recipe, const PendingFile& disk, Extent place,
                          const Digest& root_hash, std::int64_t time, std::vector<EspFile> files) {
    try {
        write_esp(disk.temporary_path(), place, recipe.sector_size, volume_id(root_hash), time,
                  std::move(files));
    } catch (const Error& e) {
        if (e.code() == ErrorCode::usage)
            throw recipe.places.mistake("disk.esp_size", "", e.what());
        throw e.with_context(writing(disk));
    }
}

/// What lies around the slots. Needs the UKI, not the bundle.
void write_other_partitions(const Recipe& recipe, const BuildKeys& keys, const PendingFile& disk,
                            const DiskLayout& layout, const Digest& root_hash, const Bytes& uki,
                            std::int64_t time) {
    auto files = loader_files(recipe, keys, time);
    files.push_back({"/EFI/Linux/" + image_name(recipe) + ".efi", uki});
    write_boot_partition(recipe, disk, layout.esp, root_hash, time, std::move(files));
    in_context(writing(disk), [&] {
        make_data_file_system(disk.temporary_path(), layout.data,
                              derived_uuid("data file system", root_hash.hex()), time);
    });
}

/// The table comes last: it says that the rest is there.
void complete_disk(const Recipe& recipe, const BuildOutputs& outputs, const DiskLayout& layout,
                   const Digest& root_hash, std::int64_t time) {
    const auto& image = outputs.disk.temporary_path();
    // The bundle's head, so that an image can be verified by its signatures too.
    const EspFile head{"/EFI/quoin/" + image_name(recipe) + ".manifest", read_head(outputs.bundle)};
    in_context(writing(outputs.disk), [&] {
        add_to_esp(image, layout.esp.start, time, head);
        create_gpt(image, recipe.sector_size, derived_uuid("disk", root_hash.hex()),
                   image_partitions(recipe, layout, root_hash));
    });
}

BuildReport describe(const Recipe& recipe, const BuildKeys& keys, const RootImage& root,
                     const Initrd& initrd) {
    BuildReport report;
    report.id = recipe.id;
    report.version = recipe.version;
    report.architecture = recipe.architecture;
    report.kernel = root.kernel_release;
    report.root_size = root.size;
    report.initrd_size = initrd.content.size();
    report.secure_boot = keys.secure_boot();
    for (const auto& signer : keys.signing)
        report.signers.push_back(signer.name);
    report.boot_modules = initrd.modules;
    report.warnings = root.warnings;
    report.warnings.insert(report.warnings.end(), initrd.warnings.begin(), initrd.warnings.end());
    return report;
}

std::future<BuiltOutput> begin_describing(const PendingFile& output) {
    return begin_describing(output.fd(), output.final_path());
}

std::optional<ReleaseSummary> read_previous(const Recipe& recipe, const std::string& path) {
    if (path.empty())
        return std::nullopt;
    auto previous = summarize_release(path);
    if (!previous.name.starts_with(recipe.id + " "))
        throw Error(ErrorCode::usage, "'" + path + "' holds " + printable(previous.name) +
                                          ", expected a release of " + recipe.id);
    return previous;
}

BuildReport build_image(const BuildOptions& options) {
    auto recipe = read_recipe(options.recipe, options.settings);
    apply_lock(recipe);
    const auto keys = read_build_keys(options.keys);
    const bool random_secure_boot =
        keys.secure_boot() && makes_random_signatures(keys.secure_boot_certificate);
    const auto anchors = trust_anchors(recipe, keys);
    (void)read_previous(recipe, options.previous); // a wrong one is to show at once
    const auto name = image_name(recipe);
    BuildCache cache(options.cache);
    BuildOutputs outputs(options.output, name);
    const auto& disk = outputs.disk;

    announce("packing the root");
    auto root = write_root(recipe, anchors, cache, disk);
    return_freed_memory();
    const auto layout =
        lay_out_disk(recipe, root.size, SlotIndex{root.chunks, {}}.serialize().size());
    if (::ftruncate(disk.fd().get(), static_cast<off_t>(layout.disk_size)) != 0)
        throw system_error("cannot size '" + disk.final_path() + "'");

    announce("writing the verity tree");
    const auto verity = VerityParameters::derived_from(recipe.id);
    const auto verity_partition = window(disk, layout.verity_a, "verity partition a");
    const auto root_hash = write_verity(std::move(root.leaves), verity_partition);

    auto root_contents = begin_listing_contents(root, disk, layout.root_a);
    announce("packing the initrd");
    const auto initrd = make_initrd(recipe, root, disk, layout.root_a, cache);
    close_cache(cache);

    announce("assembling the UKI");
    const auto command_line = kernel_command_line(recipe, root_hash, verity, root.size);
    const auto uki = sign_for_secure_boot(build_uki(recipe, root, initrd, command_line), keys,
                                          root.time, name + ".efi");
    pwrite_all(outputs.uki.fd(), uki, 0, outputs.uki.final_path());

    announce("writing the block index and the ESP");
    SlotIndex index{root.chunks, index_uki(uki)};
    const auto root_window = window(disk, {layout.root_a.start, root.size}, "root");
    auto begun_bundle = std::async(std::launch::async, [&] {
        auto contents = root_contents.get().with_uki(index, uki);
        // Read anew rather than kept, since it may be as large as the tree.
        if (const auto previous = read_previous(recipe, options.previous)) {
            follow_previous(index, previous->index);
            follow_previous(contents, previous->contents);
        }
        return_freed_memory();
        write_slot_index(verity_partition, SlotIndexState::complete, root_hash, root.size,
                         index.serialize());
        return begin_bundle(
            outputs.bundle.fd(), outputs.bundle.final_path(),
            {recipe, root_hash, verity, index, std::move(contents), root_window, uki}, keys);
    });
    auto uki_output = begin_describing(outputs.uki);
    write_other_partitions(recipe, keys, disk, layout, root_hash, uki, root.time);
    const auto bundle = begun_bundle.get();

    announce("writing the bundle, completing the disk");
    auto bundle_output = std::async(std::launch::async, [&] {
        write_bundle_data(bundle);
        return begin_describing(outputs.bundle).get();
    });
    complete_disk(recipe, outputs, layout, root_hash, root.time);
    auto disk_output = begin_describing(disk);

    announce("describing the outputs");
    auto report = describe(recipe, keys, root, initrd);
    for (auto* output : {&disk_output, &bundle_output, &uki_output})
        report.outputs.push_back(output->get());
    const auto head = BundleHead::parse(read_head(outputs.bundle));
    for (const auto& algorithm : random_algorithms(head))
        report.warnings.push_back("signatures by " + algorithm +
                                  " are random: built again, the bundle is not the same bytes");
    if (random_secure_boot)
        report.warnings.emplace_back("Secure Boot signatures by a key that is not RSA are random: "
                                     "built again, no output is the same bytes");
    for (auto& warning : trust_warnings(recipe, anchors, head))
        report.warnings.push_back(std::move(warning));
    report.root_hash = root_hash.hex();
    report.slot_size = layout.root_a.size;
    report.uki_size = uki.size();
    report.disk_size = layout.disk_size;
    pwrite_all(outputs.report.fd(), bytes_of(report.json()), 0, outputs.report.final_path());
    check_interruption();
    outputs.commit();
    for (const auto& warning : other_tools(recipe.tools)) // of this machine, not of the image
        say_warning(warning);
    return report;
}

} // namespace

void build(const BuildOptions& options) {
    const auto report = interruptible([&options] { return build_image(options); });
    for (const auto& warning : report.warnings)
        say_warning(warning);
    std::cout << (options.json ? report.json() : report.text()) << std::flush;
}

} // namespace quoin
