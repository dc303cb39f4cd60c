// SPDX-License-Identifier: Apache-2.0
// The node as the agent finds it: its disk, its two slots, its ESP, its state directory. Either the
// running node's, or an image file and directories named on the command line (no root needed).
#pragma once

#include "base/region.hpp"
#include "crypto/trust.hpp"
#include "disk/boot_entry.hpp"
#include "disk/gpt.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quoin {

/// From the command line; empty means the running node's own.
struct NodeOptions {
    std::string disk;
    std::string esp;
    std::string state;
    std::vector<std::string> trust;
    std::optional<unsigned> required;
    std::string config;
    /// Seconds to wait for another agent that is at work. On the running node only, where one
    /// judges every boot for a moment; nobody works on an image file unasked.
    unsigned patience = 60;
};

/// One of the two places a system can lie in.
struct Slot {
    char name = 'a'; ///< 'a' or 'b'
    Partition root;
    Partition verity;
    std::string id; ///< from the label; empty when the slot is empty
    std::string version;
    std::optional<Digest> root_hash; ///< from the two partition UUIDs; nothing when empty
    [[nodiscard]] bool empty() const { return !root_hash; }
};

/// What the image that runs (or the image file's) says of itself: /usr/share/quoin/image.json.
/// Off the node it is unknown and every field empty.
struct ImageIdentity {
    std::string id;
    std::string version;
    std::string architecture;
    std::string compatible;
    std::uint64_t security_epoch = 0;
};

/// What early userspace left in /run/quoin/boot.json; nothing off the node.
struct BootReport {
    char slot = 'a';
    Digest root_hash;
    bool counted = false;
    bool data_mounted = false;
    std::vector<std::string> notes;
};

/// Opens everything; holds an exclusive lock on the state directory as long as it lives when
/// `writable`. When writable heals a damaged partition table copy and the names on the ESP.
class Node {
  public:
    [[nodiscard]] static Node open(const NodeOptions& options, bool writable);
    Node(Node&&) noexcept;
    ~Node();

    /// Re-reads the partition table.
    void refresh();

    [[nodiscard]] const Slot& slot(char name) const;
    /// The partition's content. On a node: the partition's own device node, so that caches agree.
    [[nodiscard]] Region root_region(const Slot& slot) const;
    [[nodiscard]] Region verity_region(const Slot& slot) const;
    /// The whole disk, for the partition table. On a node it is flock'ed against udev.
    [[nodiscard]] FdRef disk() const;
    [[nodiscard]] const std::string& disk_path() const;
    /// The directory at which the ESP can be read and (if writable) written.
    [[nodiscard]] const std::string& esp_directory() const;
    [[nodiscard]] const std::string& state_directory() const;
    [[nodiscard]] const std::optional<BootReport>& boot_report() const;
    [[nodiscard]] const ImageIdentity& identity() const;
    /// Trust anchors: --trust, else the root's. Read only when asked for.
    [[nodiscard]] TrustAnchors trust_anchors() const;
    /// True when this is the running node rather than an image file.
    [[nodiscard]] bool live() const;

  private:
    struct State;
    explicit Node(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

} // namespace quoin
