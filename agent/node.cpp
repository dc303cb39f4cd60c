// SPDX-License-Identifier: Apache-2.0
// On the running node everything is found from the boot report; nothing is probed or guessed.
#include "agent/node.hpp"

#include "agent/boot_report.hpp"
#include "agent/bootloaders/heal_lengths.hpp"
#include "agent/bootloaders/heal_names.hpp"
#include "agent/bootloaders/settle_names.hpp"
#include "agent/esp_mount.hpp"
#include "agent/partition_device.hpp"
#include "agent/slots.hpp"
#include "agent/state.hpp"
#include "agent/state_lock.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/terminal.hpp"

#include <array>
#include <cerrno>
#include <sys/file.h>

namespace quoin {

namespace {

const std::string boot_report_path = "/run/quoin/boot.json";
const std::string esp_mount_point = "/run/quoin/esp";
const std::string default_state = "/var/lib/quoin";
const std::string default_trust = "/usr/share/quoin/trust";
const std::string identity_path = "/usr/share/quoin/image.json";

bool names_an_image(const NodeOptions& options) {
    return !options.disk.empty() || !options.esp.empty() || !options.state.empty();
}

void require_all(const NodeOptions& options) {
    const std::array needed = {std::pair{"--disk", &options.disk}, std::pair{"--esp", &options.esp},
                               std::pair{"--state", &options.state}};
    for (const auto& [option, value] : needed)
        if (value->empty())
            throw Error(ErrorCode::usage, std::string("cannot work on an image file without ") +
                                              option + ": --disk, --esp and --state go together");
}

} // namespace

struct Node::State {
    NodeOptions options;
    bool writable = false;
    UniqueFd lock;
    std::optional<BootReport> boot;
    std::string disk_path, esp_directory, state_directory;
    std::unique_ptr<EspMount> esp_mount;
    UniqueFd disk;
    std::vector<std::string> notes; ///< what was healed
    std::array<Slot, 2> slots;
    std::array<UniqueFd, 4> partitions; ///< on a node: root a, verity a, root b, verity b
    mutable std::optional<ImageIdentity> identity;

    [[nodiscard]] int access() const { return writable ? O_RDWR : O_RDONLY; }
    void open_image();
    void open_live();
    void heal_esp(const std::string& device);
    void heal_table();
    void keep_notes() const;
    [[nodiscard]] Region region(const Slot& slot, const Partition& partition, std::size_t index,
                                const std::string& name) const;
};

void Node::State::open_image() {
    require_all(options);
    disk_path = options.disk;
    esp_directory = options.esp;
    state_directory = options.state;
    if (writable)
        lock = lock_state(state_directory, 0);
    disk = open_file(disk_path, access());
}

void Node::State::open_live() {
    if (!exists(boot_report_path))
        throw Error(ErrorCode::usage, "this is not a node that Quoin booted ('" + boot_report_path +
                                          "' is missing); give --disk, --esp and --state to work "
                                          "on an image file");
    const LiveBoot live = read_boot_report(boot_report_path);
    boot = live.report;
    disk_path = live.disk;
    state_directory = default_state;
    if (writable)
        lock = lock_state(state_directory, options.patience);
    disk = open_file(disk_path, access());
    // udev takes a shared lock while it probes; ours keeps it from reading a table in the making.
    if (writable && ::flock(disk.get(), LOCK_EX) != 0)
        throw system_error("cannot lock '" + disk_path + "'");
    if (writable)
        heal_esp(live.esp);
    esp_mount = std::make_unique<EspMount>(live.esp, esp_mount_point, writable);
    esp_directory = esp_mount_point;
}

void Node::State::heal_esp(const std::string& device) {
    const UniqueFd esp(::open(device.c_str(), O_RDWR | O_EXCL | O_CLOEXEC));
    if (!esp && errno == EBUSY) {
        say_detail("'" + device + "' is mounted by somebody else, its names are not looked at");
        return;
    }
    try {
        if (!esp)
            throw system_error("cannot open '" + device + "'");
        const Region region(esp, 0, size_of(esp, device), device);
        notes = heal_names(region);
        heal_lengths(region);
        settle_names(region);
    } catch (const Error& problem) {
        // Mounting it has the last word.
        say_warning(std::string(problem.what()) + ", ignoring");
    }
}

void Node::State::heal_table() {
    if (heal_gpt(disk, disk_path))
        notes.push_back("a damaged copy of the partition table of '" + disk_path +
                        "' was rewritten from the intact one");
}

void Node::State::keep_notes() const {
    if (notes.empty())
        return;
    AgentState state = AgentState::read(state_directory);
    state.notes.insert(state.notes.end(), notes.begin(), notes.end());
    state.write(state_directory);
}

Region Node::State::region(const Slot& slot, const Partition& partition, std::size_t index,
                           const std::string& name) const {
    const std::size_t place = (slot.name == 'a' ? 0 : 2) + index;
    if (partitions[place])
        return {partitions[place], 0, partition.size, name};
    return {disk, partition.start, partition.size, name};
}

Node::Node(std::unique_ptr<State> state) : state_(std::move(state)) {}
Node::Node(Node&&) noexcept = default;
Node::~Node() = default;

Node Node::open(const NodeOptions& options, bool writable) {
    auto state = std::make_unique<State>();
    state->options = options;
    state->writable = writable;
    if (names_an_image(options))
        state->open_image();
    else
        state->open_live();
    if (writable) {
        state->heal_table();
        state->keep_notes();
    }
    Node node(std::move(state));
    node.refresh();
    return node;
}

void Node::refresh() {
    State& state = *state_;
    state.slots = identify_slots(read_gpt(state.disk, state.disk_path), state.disk_path);
    if (!live())
        return;
    std::size_t place = 0;
    for (const Slot& slot : state.slots)
        for (const Partition* partition : {&slot.root, &slot.verity})
            state.partitions[place++] =
                open_file(partition_device(state.disk_path, *partition), state.access());
}

const Slot& Node::slot(char name) const {
    return state_->slots[name == 'a' ? 0 : 1];
}

Region Node::root_region(const Slot& slot) const {
    return state_->region(slot, slot.root, 0, std::string("slot ") + slot.name);
}

Region Node::verity_region(const Slot& slot) const {
    return state_->region(slot, slot.verity, 1,
                          std::string("verity partition of slot ") + slot.name);
}

FdRef Node::disk() const {
    return state_->disk;
}
const std::string& Node::disk_path() const {
    return state_->disk_path;
}
const std::string& Node::esp_directory() const {
    return state_->esp_directory;
}
const std::string& Node::state_directory() const {
    return state_->state_directory;
}
const std::optional<BootReport>& Node::boot_report() const {
    return state_->boot;
}
bool Node::live() const {
    return state_->boot.has_value();
}

const ImageIdentity& Node::identity() const {
    // Read late: the root may be damaged, and undoing that must not depend on it.
    if (!state_->identity)
        state_->identity = live() ? read_image_identity(identity_path) : ImageIdentity{};
    return *state_->identity;
}

TrustAnchors Node::trust_anchors() const {
    const auto& given = state_->options.trust;
    if (given.empty() && !live())
        throw Error(ErrorCode::usage, "cannot verify anything without --trust: off the node there "
                                      "are no trust anchors of its own");
    TrustAnchors anchors = TrustAnchors::read(given.empty() ? std::vector{default_trust} : given);
    if (state_->options.required)
        anchors.required = *state_->options.required;
    return anchors;
}

} // namespace quoin
