// SPDX-License-Identifier: Apache-2.0
#include "release_fixture.hpp"

#include "agent/bootloaders/systemd_boot.hpp"
#include "agent/state.hpp"
#include "agent/steps/slot_verify.hpp"
#include "base/error.hpp"
#include "base/units.hpp"
#include "bundle/head.hpp"
#include "disk/gpt_create.hpp"
#include "disk/uki.hpp"
#include "disk/verity.hpp"

#include <algorithm>
#include <filesystem>
#include <random>

namespace quoin::test {

namespace fs = std::filesystem;

namespace {

constexpr const char* image_id = "node";
constexpr std::uint64_t slot_size = 4 * MiB;
constexpr std::uint64_t tree_size = 1 * MiB;

std::vector<Partition> layout() {
    const PartitionTypes types = partition_types("x86-64");
    std::vector<Partition> partitions;
    std::uint64_t next = 1 * MiB;
    const auto add = [&](const Uuid& type, const std::string& label, std::uint64_t size) {
        Partition partition;
        partition.type = type;
        partition.label = label;
        partition.uuid = derived_uuid("test", std::to_string(partitions.size()));
        partition.start = next;
        partition.size = size;
        next += size;
        partitions.push_back(partition);
    };
    add(esp_type(), "esp", 1 * MiB);
    for (int slot = 0; slot < 2; ++slot) {
        add(types.root, "_empty", slot_size);
        add(types.root_verity, "_empty", tree_size);
    }
    add(linux_generic_type(), "data", 1 * MiB);
    return partitions;
}

void write_whole(const std::string& path, ByteView data) {
    const UniqueFd fd = open_file(path, O_WRONLY | O_CREAT | O_TRUNC);
    pwrite_all(fd, data, 0, path);
}

Digest root_hash_of(ByteView root) {
    VerityWriter writer(VerityParameters::derived_from(image_id), root.size());
    writer.update(root);
    return writer.finish();
}

Bytes boot_image(const Release& release, const ReleaseContent& made) {
    const Bytes stub = read_file("/usr/lib/systemd/boot/efi/linuxx64.efi.stub", 1 * MiB);
    const std::string osrel = "ID=node\nIMAGE_VERSION=" + release.manifest.version + "\n";
    const std::string command_line = "roothash=" + release.manifest.root_hash.hex() + " ro";
    const auto bytes = [](const std::string& text) { return Bytes(text.begin(), text.end()); };
    return assemble_uki(stub, {{".osrel", bytes(osrel)},
                               {".cmdline", bytes(command_line)},
                               {".initrd", noise(99, 90001)},
                               {".linux", noise(made.kernel_seed, made.kernel_size)}});
}

/// Slot a as the builder leaves it, straight into the image.
void lay_down(const std::string& image, const Release& release) {
    const UniqueFd fd = open_file(image, O_RDWR);
    const auto partitions = read_gpt(fd, image).partitions;
    const Partition& root = partitions[1];
    const Partition& verity = partitions[2];
    pwrite_all(fd, release.root, root.start, image);
    const Region tree(fd, verity.start, verity.size, "verity a");
    VerityWriter writer(
        VerityParameters::derived_from(image_id), release.root.size(),
        [&tree](std::uint64_t offset, ByteView block) { tree.write(block, offset); });
    writer.update(release.root);
    (void)writer.finish();
    write_slot_index(tree, SlotIndexState::complete, release.manifest.root_hash,
                     release.root.size(), release.index.serialize());
    const std::string label = std::string(image_id) + "_" + release.manifest.version;
    change_partitions(fd, image,
                      {{2, label, data_partition_uuid(release.manifest.root_hash)},
                       {3, label + "_verity", verity_partition_uuid(release.manifest.root_hash)}});
}

/// Signs `manifest` in the place of the bundle's own, which the builder would refuse to do.
void replace_head(const std::string& bundle, const Manifest& manifest, const SigningKey& key) {
    const Bytes whole = read_file(bundle, 64 * MiB);
    const BundleHeader old = BundleHeader::parse(ByteView(whole).first(bundle_header_size));
    const std::string text = manifest.serialize();
    const Bytes signatures = serialize_signatures({key.sign(bytes_of(text))});
    const BundleHeader header{signatures.size(), text.size(), manifest.index_size,
                              manifest.data_size};
    Bytes made = header.serialize();
    const auto append = [&made](ByteView part) {
        made.insert(made.end(), part.begin(), part.end());
    };
    append(signatures);
    append(bytes_of(text));
    append(ByteView(whole).subspan(old.index_offset()));
    write_whole(bundle, made);
}

void fail_unless(bool claim, const std::string& otherwise) {
    if (!claim)
        throw Error(otherwise);
}

} // namespace

Bytes noise(std::uint64_t seed, std::size_t size) {
    std::mt19937_64 random(seed);
    Bytes bytes(size);
    std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<std::uint8_t>(random()); });
    return bytes;
}

ReleaseContent content(const std::string& version, std::uint64_t seed, std::size_t count,
                       std::size_t largest) {
    ReleaseContent made;
    made.version = version;
    std::mt19937_64 random(seed);
    for (std::size_t i = 0; i < count; ++i)
        made.chunks.push_back(noise(seed * 1000 + i, 1 + random() % largest));
    return made;
}

std::string Release::entry_name() const {
    return BootEntryName{manifest.id, manifest.version, BootEntryName::Counter{manifest.tries, 0}}
        .file_name();
}

std::uint64_t Release::data_offset() const {
    return fs::file_size(bundle) - manifest.contents_size - manifest.data_size;
}

TestNode::TestNode(const ReleaseContent& running) : key_(SigningKey::generate()) {
    fs::create_directories(entries_directory());
    fs::create_directories(directory() + "/state");
    const std::string pem = key_.public_key().pem();
    write_whole(directory() + "/signing.pub", bytes_of(pem));

    const auto partitions = layout();
    write_whole(image(), {});
    fs::resize_file(image(), partitions.back().start + partitions.back().size + 1 * MiB);
    create_gpt(image(), 512, derived_uuid("test", "disk"), partitions);

    running_ = release(running);
    lay_down(image(), running_);
    write_whole(entries_directory() + "/node_" + running.version + ".efi", running_.uki);
    save();
}

Release TestNode::release(const ReleaseContent& made, bool trusted) const {
    Release release;
    for (std::size_t i = 0; i < made.chunks.size(); ++i) {
        const Bytes& piece = made.chunks[i];
        const auto generation = i < made.generations.size() ? made.generations[i] : 0;
        release.root.insert(release.root.end(), piece.begin(), piece.end());
        release.index.root.push_back({chunk_hash(piece), static_cast<std::uint32_t>(piece.size()),
                                      ChunkKind::data, static_cast<std::uint16_t>(generation)});
    }
    if (const std::size_t rest = release.root.size() % 4096; rest != 0) {
        const Bytes padding(4096 - rest);
        release.root.insert(release.root.end(), padding.begin(), padding.end());
        release.index.root.push_back(
            {chunk_hash(padding), static_cast<std::uint32_t>(padding.size()), ChunkKind::table, 0});
    }
    Manifest& manifest = release.manifest;
    manifest.id = image_id;
    manifest.version = made.version;
    manifest.architecture = made.architecture;
    manifest.compatible = made.compatible;
    manifest.security_epoch = made.security_epoch;
    manifest.minimum_agent = made.minimum_agent;
    manifest.root_size = release.root.size();
    manifest.root_hash = root_hash_of(release.root);
    const auto parameters = VerityParameters::derived_from(image_id);
    manifest.salt = parameters.salt;
    manifest.verity_uuid = parameters.uuid;
    release.uki = boot_image(release, made);
    release.index.uki = index_uki(release.uki);
    manifest.uki_size = release.uki.size();
    manifest.uki_sha256 = sha256(release.uki);

    release.bundle = directory() + "/node_" + made.version + ".quoin";
    const std::string root_path = directory() + "/root.squashfs";
    write_whole(root_path, release.root);
    const UniqueFd root = open_file(root_path, O_RDONLY);
    const UniqueFd out = open_file(release.bundle, O_RDWR | O_CREAT | O_TRUNC);
    BundleWriter writer(
        out, release.bundle,
        {release.index, Region(root, 0, release.root.size(), root_path), release.uki});
    release.manifest =
        writer.write_head(manifest, made.contents, {trusted ? key_ : SigningKey::generate()});
    writer.write_data();
    if (made.lie) {
        made.lie(release.manifest);
        replace_head(release.bundle, release.manifest, key_);
    }
    return release;
}

NodeOptions TestNode::options() const {
    NodeOptions options;
    options.disk = image();
    options.esp = directory() + "/esp";
    options.state = directory() + "/state";
    options.trust = {directory() + "/signing.pub"};
    return options;
}

InstallReport TestNode::install(const InstallOptions& how, const InstallObserver& observer) const {
    Node node = Node::open(options(), true);
    SystemdBoot loader(node.esp_directory());
    return quoin::install(node, loader, how, observer);
}

InstallReport TestNode::install(const std::string& source, const InstallObserver& observer) const {
    InstallOptions how;
    how.source = source;
    return install(how, observer);
}

InstallForecast TestNode::forecast(const InstallOptions& how) const {
    const Node node = Node::open(options(), false);
    return forecast_install(node, SystemdBoot(node.esp_directory()), how, {});
}

std::string TestNode::fingerprint() const {
    Sha256 hash;
    std::vector<std::string> files{image()};
    for (const char* part : {"/esp", "/state"})
        for (const auto& entry : fs::recursive_directory_iterator(directory() + part))
            if (entry.is_regular_file() && entry.path() != directory() + "/state/lock")
                files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    for (const std::string& file : files)
        hash.update(bytes_of(file)).update(read_file(file, 64 * MiB));
    return hash.finish().hex();
}

void TestNode::check_running_untouched() const {
    const UniqueFd fd = open_file(image(), O_RDONLY);
    const auto partitions = read_gpt(fd, image()).partitions;
    const auto& id = running_.manifest;
    fail_unless(partitions[1].label == "node_" + id.version &&
                    partitions[1].uuid == data_partition_uuid(id.root_hash),
                "the running slot has another name");
    fail_unless(partitions[2].label == "node_" + id.version + "_verity" &&
                    partitions[2].uuid == verity_partition_uuid(id.root_hash),
                "the running verity partition has another name");
    Bytes root(running_.root.size());
    pread_exact(fd, root, partitions[1].start, image());
    fail_unless(root == running_.root, "the running root changed");
    const std::string entry = entries_directory() + "/node_" + id.version + ".efi";
    fail_unless(read_file(entry, 64 * MiB) == running_.uki, "the running boot image changed");
}

void TestNode::check_nothing_armed() const {
    const Node node = Node::open(options(), false);
    fail_unless(node.slot('b').empty(), "slot b has a name");
    for (const BootEntry& entry : SystemdBoot(node.esp_directory()).entries())
        fail_unless(!entry.listed || entry.root_hash == running_.manifest.root_hash.hex(),
                    "the loader lists another system");
    fail_unless(!AgentState::read(options().state).attempt, "an attempt is remembered");
}

void TestNode::check_startable_entries() const {
    const Node node = Node::open(options(), true); // heals the table, as early userspace would
    const SystemdBoot loader(node.esp_directory());
    for (const BootEntry& entry : loader.entries()) {
        if (!entry.listed)
            continue;
        const bool in_a =
            node.slot('a').root_hash && entry.root_hash == node.slot('a').root_hash->hex();
        const bool in_b =
            node.slot('b').root_hash && entry.root_hash == node.slot('b').root_hash->hex();
        fail_unless(in_a || in_b, "an entry is listed that no slot belongs to");
        if (const auto damage = slot_damage(node, node.slot(in_a ? 'a' : 'b')))
            throw Error("an entry is listed whose slot is damaged: " + *damage);
    }
}

void TestNode::check_armed(const Release& release) const {
    const Node node = Node::open(options(), false);
    const Slot& slot = node.slot('b');
    fail_unless(slot.root_hash == release.manifest.root_hash, "slot b has another root hash");
    if (const auto damage = slot_damage(node, slot))
        throw Error("slot b: " + *damage);
    const auto stored = read_slot_index(node.verity_region(slot));
    fail_unless(stored && stored->state == SlotIndexState::complete &&
                    stored->index == release.index.serialize(),
                "slot b has another index");
    const SystemdBoot loader(node.esp_directory());
    const auto entries = loader.entries();
    fail_unless(!entries.empty() && entries[0].listed &&
                    entries[0].name.file_name() == release.entry_name(),
                "the loader would not start it");
    fail_unless(read_file(entries_directory() + "/" + release.entry_name(), 64 * MiB) ==
                    release.uki,
                "its boot image is another");
}

void TestNode::save() const {
    const std::string saved = directory() + "/saved";
    fs::create_directories(saved);
    fs::copy(image(), saved + "/node.raw");
    fs::copy(directory() + "/esp", saved + "/esp", fs::copy_options::recursive);
}

void TestNode::restore() const {
    const std::string saved = directory() + "/saved";
    fs::copy_file(saved + "/node.raw", image(), fs::copy_options::overwrite_existing);
    for (const char* part : {"/esp", "/state"})
        fs::remove_all(directory() + part);
    fs::copy(saved + "/esp", directory() + "/esp", fs::copy_options::recursive);
    fs::create_directories(directory() + "/state");
}

} // namespace quoin::test
