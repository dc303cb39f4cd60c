// SPDX-License-Identifier: Apache-2.0
#include "builder/root/finishing.hpp"

#include "base/error.hpp"
#include "base/terminal.hpp"
#include "builder/root/accounts.hpp"
#include "builder/root/system_files.hpp"
#include "builder/root/units.hpp"

#include <algorithm>

namespace quoin {

namespace {

constexpr std::int64_t seconds_a_day = 86400;
const std::string network_daemon = "systemd-networkd.service";

class Finishing {
  public:
    Finishing(RootAssembly& assembly, const Recipe& recipe, std::optional<std::int64_t> epoch)
        : assembly_(assembly), tree_(assembly.tree()), recipe_(recipe), epoch_(epoch) {}

    FinishedRoot run() {
        take_out_boot_files();
        assembly_.remove_stale_bytecode();
        find_times();
        apply_accounts();
        apply_identity();
        apply_name_servers();
        enable_units();
        make_mount_points();
        assembly_.write_held_files();
        set_times();
        return std::move(result_);
    }

  private:
    void take_out_boot_files() {
        std::vector<Node*> found;
        tree_.walk([&](Node& node) {
            if (!node.is_directory() && is_boot_file(RootTree::path_of(node)))
                found.push_back(&node);
        });
        for (Node* node : found)
            RootTree::remove(*node);
    }

    [[nodiscard]] std::int64_t clamped(std::int64_t time) const {
        return std::max<std::int64_t>(0, epoch_ ? std::min(time, *epoch_) : time);
    }

    void find_times() {
        std::int64_t newest = 0;
        tree_.walk([&](Node& node) {
            if (!node.inode->generated)
                newest = std::max(newest, clamped(node.inode->mtime));
        });
        result_.time = epoch_.value_or(newest);
    }

    void set_times() {
        tree_.walk([&](Node& node) {
            Inode& inode = *node.inode;
            inode.mtime = inode.generated ? result_.time : clamped(inode.mtime);
        });
    }

    std::string held_text(const std::string& path) {
        const Node* node = tree_.find(path);
        return node != nullptr && node->inode->held ? std::string(text_of(*node->inode->held)) : "";
    }

    /// Puts an edited text back, keeping owner and mode; a file that is new gets `mode`.
    void store_text(const std::string& path, const std::string& text, std::uint32_t mode) {
        Node* node = tree_.find(path);
        if (node == nullptr || !node->inode->held) {
            if (!text.empty())
                assembly_.put_file(path, mode, text);
            return;
        }
        if (text_of(*node->inode->held) == text)
            return;
        *node->inode->held = Bytes(text.begin(), text.end());
        Attributes attributes = unpack_attributes(node->inode->attributes);
        attributes.erase("security.ima"); // signatures of the content as it was
        attributes.erase("security.evm");
        tree_.set_attributes(*node->inode, attributes);
    }

    void apply_accounts() {
        AccountFiles files{held_text("etc/passwd"), held_text("etc/shadow"), held_text("etc/group"),
                           held_text("etc/gshadow")};
        if (files.passwd.empty() && !recipe_.users.empty())
            throw recipe_.places.mistake("system.users." + recipe_.users.front().name, "",
                                         "cannot add user '" + recipe_.users.front().name +
                                             "': the root has no /etc/passwd");
        const auto accounts =
            apply_users(files, recipe_.users, result_.time / seconds_a_day, recipe_.places);
        const bool root_given =
            std::any_of(recipe_.users.begin(), recipe_.users.end(), [](const RecipeUser& user) {
                return user.name == "root" && !user.password_hash.empty();
            });
        if (!root_given && lock_root(files))
            result_.warnings.emplace_back("the root's password for 'root' was locked; give one in "
                                          "[[system.users]] to be able to log in with it");
        store_text("etc/passwd", files.passwd, 0644);
        store_text("etc/shadow", files.shadow, 0600);
        store_text("etc/group", files.group, 0644);
        store_text("etc/gshadow", files.gshadow, 0600);
        for (std::size_t i = 0; i < accounts.size(); ++i)
            make_home(accounts[i], recipe_.users[i].authorized_keys);
    }

    void make_home(const Account& account, const std::vector<std::string>& keys) {
        const std::string home = normal_entry_path("." + account.home);
        own_directory(home, account);
        if (keys.empty())
            return;
        own_directory(home + "/.ssh", account);
        std::string text;
        for (const std::string& key : keys)
            text += key + "\n";
        Inode& inode = assembly_.put_file(home + "/.ssh/authorized_keys", 0600, text);
        inode.uid = account.uid;
        inode.gid = account.gid;
    }

    void own_directory(const std::string& path, const Account& account) {
        if (tree_.find(path) != nullptr)
            return;
        Inode& inode = *tree_.ensure_directory(path, 0700).inode;
        inode.uid = account.uid;
        inode.gid = account.gid;
    }

    void apply_identity() {
        // /etc/os-release usually is a link to the one below /usr.
        const Node* node = tree_.find("etc/os-release");
        const bool in_etc = node != nullptr && node->inode->held != nullptr &&
                            RootTree::path_of(*node) == "etc/os-release" &&
                            held_text("usr/lib/os-release").empty();
        const std::string path = in_etc ? "etc/os-release" : "usr/lib/os-release";
        result_.os_release = os_release_of_image(held_text(path), recipe_);
        store_text(path, result_.os_release, 0644);
        if (tree_.find("etc/os-release") == nullptr)
            put_link("etc/os-release", "../usr/lib/os-release");
    }

    /// For programs that do not ask systemd-resolved, whose link would be there.
    void apply_name_servers() {
        const std::string text = resolver_configuration(recipe_);
        if (!text.empty() && tree_.find("etc/resolv.conf", false) == nullptr)
            assembly_.put_file("etc/resolv.conf", 0644, text);
    }

    void put_link(const std::string& path, const std::string& target) {
        Entry entry;
        entry.path = path;
        entry.type = EntryType::symlink;
        entry.mode = 0777;
        entry.link_target = target;
        tree_.put(entry).inode->generated = true;
    }

    std::optional<FoundUnit> find_unit(const std::string& name) {
        for (const std::string_view directory : unit_directories) {
            const std::string path = std::string(directory) + "/" + name;
            const Node* link = tree_.find(path, false);
            if (link == nullptr)
                continue;
            if (link->is_symlink() && link->inode->link_target == "/dev/null")
                throw Error(ErrorCode::usage, "cannot enable unit '" + name + "': it is masked");
            const Node* file = tree_.find(path);
            if (file == nullptr || file->is_directory())
                continue;
            if (file->name != name)
                throw Error(ErrorCode::usage, "cannot enable unit '" + name +
                                                  "': it is an alias, enable '" +
                                                  printable(std::string(file->name)) + "'");
            return FoundUnit{RootTree::path_of(*file), assembly_.unit_text(*file->inode)};
        }
        return std::nullopt;
    }

    void enable_units() {
        std::vector<std::string> units = recipe_.enable;
        // A declared network that nothing brings up would be a trap.
        if (!recipe_.networks.empty()) {
            if (find_unit(network_daemon))
                units.push_back(network_daemon);
            else
                result_.warnings.emplace_back(
                    "the root lacks systemd-networkd, which [network] needs");
        }
        for (const std::string& unit : units)
            for (const UnitLink& link : links_of(unit))
                if (const Node* existing = tree_.find(link.path, false);
                    existing == nullptr || !existing->is_symlink())
                    put_link(link.path, link.target);
    }

    std::vector<UnitLink> links_of(const std::string& unit) {
        try {
            return links_to_enable(unit, [&](const std::string& name) { return find_unit(name); });
        } catch (const Error& e) {
            throw recipe_.places.mistake("system.enable", unit, e.what());
        }
    }

    void make_mount_points() {
        for (const char* path : {"proc", "sys", "dev", "run", "var", "etc"})
            tree_.ensure_directory(path);
        tree_.ensure_directory("tmp", 01777);
        for (const std::string& directory : recipe_.persist)
            tree_.ensure_directory(directory.substr(1));
    }

    RootAssembly& assembly_;
    RootTree& tree_;
    const Recipe& recipe_;
    std::optional<std::int64_t> epoch_;
    FinishedRoot result_;
};

} // namespace

FinishedRoot finish_root(RootAssembly& assembly, const Recipe& recipe,
                         std::optional<std::int64_t> epoch) {
    return Finishing(assembly, recipe, epoch).run();
}

} // namespace quoin
