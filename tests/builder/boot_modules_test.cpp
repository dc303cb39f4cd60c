// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"
#include "builder/stages/boot_modules.hpp"
#include "module_fixture.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <map>

using namespace quoin;

namespace {

constexpr const char* directory = "usr/lib/modules/6.1.0-test/";

/// A root in memory, with what every boot needs built into its kernel.
class FakeRoot {
  public:
    FakeRoot() {
        built_in("drivers/md/dm-mod drivers/md/dm-verity fs/squashfs/squashfs fs/overlayfs/overlay "
                 "fs/ext4/ext4 fs/fat/vfat drivers/block/virtio_blk");
    }

    void built_in(const std::string& names) {
        std::string text;
        std::istringstream words(names);
        for (std::string word; words >> word;)
            text += "kernel/" + word + ".ko\n";
        file(std::string(directory) + "modules.builtin", text);
    }
    void module(const std::string& path, const std::vector<std::string>& info) {
        files_[directory + path] = make_module(info);
    }
    void file(const std::string& path, const std::string& text) {
        files_[path] = Bytes(text.begin(), text.end());
    }

    [[nodiscard]] std::vector<std::string> modules(const std::vector<std::string>& wanted = {}) {
        std::vector<std::string> names;
        for (const auto& module : find_boot_modules(files(), "6.1.0-test", wanted).modules)
            names.push_back(module.name);
        return names;
    }
    [[nodiscard]] RootFiles files() const {
        RootFiles root;
        root.read = [this](const std::string& path) {
            const auto found = files_.find(path);
            return found == files_.end() ? std::optional<Bytes>() : found->second;
        };
        for (const auto& [path, content] : files_)
            root.paths.push_back(path);
        return root;
    }

  private:
    std::map<std::string, Bytes> files_;
};

using Names = std::vector<std::string>;

} // namespace

TEST_CASE("what is built into the kernel needs no module") {
    CHECK(FakeRoot().modules().empty());
}

TEST_CASE("modules come after what they say they depend on") {
    FakeRoot root;
    root.module("kernel/a/nvme.ko", {"depends=nvme-core"});
    root.module("kernel/a/nvme-core.ko", {"depends=t10-pi"});
    root.module("kernel/a/t10-pi.ko", {"depends="});
    CHECK(root.modules() == Names{"t10_pi", "nvme_core", "nvme"});
}

TEST_CASE("modules.dep has precedence over the module") {
    FakeRoot root;
    root.module("kernel/a/nvme.ko", {"depends="});
    root.module("kernel/a/nvme-core.ko", {"depends="});
    root.file(std::string(directory) + "modules.dep",
              "kernel/a/nvme.ko: kernel/a/nvme-core.ko\nkernel/a/nvme-core.ko:\n");
    CHECK(root.modules() == Names{"nvme_core", "nvme"});
}

TEST_CASE("a soft dependency is followed through an alias, and ignored when nothing has it") {
    FakeRoot root;
    root.module("kernel/lib/libcrc32c.ko", {"softdep=pre: crc32c nothing-has-this"});
    root.module("kernel/x/crc-quick.ko", {});
    root.file(std::string(directory) + "modules.alias", "# a comment\nalias crc32c crc_quick\n");
    CHECK(root.modules() == Names{"crc_quick", "libcrc32c"});
}

TEST_CASE("modules that depend on each other end the search") {
    FakeRoot root;
    root.module("kernel/a/nvme.ko", {"depends=uas"});
    root.module("kernel/a/uas.ko", {"depends=nvme"});
    CHECK(root.modules().size() == 2);
}

TEST_CASE("a recipe's module is added, in either spelling") {
    FakeRoot root;
    root.module("updates/my-board.ko", {"firmware=board.bin"});
    CHECK(root.modules({"my_board"}) == Names{"my_board"});
    CHECK(root.modules({"my-board"}) == Names{"my_board"});
    CHECK(find_boot_modules(root.files(), "6.1.0-test", {"my-board"}).modules[0].firmware ==
          Names{"board.bin"});
}

TEST_CASE("a recipe's module that does not exist is an error naming it") {
    CHECK_THROWS_WITH(FakeRoot().modules({"nonesuch"}), Catch::Contains("'nonesuch'"));
}

TEST_CASE("a kernel without dm-verity is built with a warning that names it") {
    FakeRoot root;
    root.built_in("drivers/md/dm-mod fs/squashfs/squashfs");
    const auto found = find_boot_modules(root.files(), "6.1.0-test", {});
    REQUIRE_FALSE(found.warnings.empty());
    CHECK_THAT(found.warnings[0], Catch::Contains("'dm_verity'"));
}

TEST_CASE("a kernel without any disk driver is built with a warning") {
    FakeRoot root;
    root.built_in(
        "drivers/md/dm-mod drivers/md/dm-verity fs/squashfs/squashfs fs/overlayfs/overlay "
        "fs/ext4/ext4 fs/fat/vfat");
    const auto found = find_boot_modules(root.files(), "6.1.0-test", {});
    REQUIRE(found.warnings.size() == 1);
    CHECK_THAT(found.warnings[0], Catch::Contains("no driver"));
}

TEST_CASE("modules of another kernel release are left alone") {
    FakeRoot root;
    root.file("usr/lib/modules/6.9/kernel/nvme.ko", "not even a module");
    CHECK(root.modules().empty());
}
