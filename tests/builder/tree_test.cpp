// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"
#include "builder/tree/tree.hpp"
#include "root_fixture.hpp"
#include "support/catch.hpp"

using Catch::Matchers::Contains;
using namespace quoin;
using namespace quoin::test;

namespace {

constexpr LayerRules exact{};
constexpr LayerRules overlay{false, true};
constexpr LayerRules directory_overlay{true, true};

Entry hiding(EntryType type, const std::string& path) {
    Entry entry = file_entry(path);
    entry.type = type;
    return entry;
}

/// "path mode" of every node below the root, a symlink with its target.
std::vector<std::string> listing(RootTree& tree) {
    std::vector<std::string> lines;
    tree.walk([&](Node& node) {
        if (node.parent != nullptr)
            lines.push_back(
                RootTree::path_of(node) +
                (node.is_symlink() ? " -> " + std::string(node.inode->link_target) : ""));
    });
    return lines;
}

using Lines = std::vector<std::string>;

} // namespace

TEST_CASE("the first layer to define a path wins") {
    RootTree tree;
    tree.begin_layer(overlay);
    REQUIRE(tree.insert(file_entry("etc/motd", 0600)) != nullptr);
    tree.begin_layer(exact);
    CHECK(tree.insert(directory_entry("etc", 0700)) != nullptr);
    CHECK(tree.insert(file_entry("etc/motd", 0644)) == nullptr);
    CHECK(tree.find("etc/motd")->inode->mode == 0600);
    CHECK(tree.find("etc")->inode->mode == 0700); // only implied by the overlay
}

TEST_CASE("a hard link finds what its own layer has put at a path, nothing else") {
    RootTree tree;
    tree.begin_layer(exact);
    tree.insert(link_entry("hidden", "shown"));
    tree.insert(file_entry("upper"));
    tree.begin_layer(exact);
    tree.insert(directory_entry("shown"));
    const Node* node = tree.insert(file_entry("shown/file"));
    tree.insert(file_entry("hidden/file")); // the layer above has a link there
    CHECK(tree.find("hidden/file")->inode == node->inode);
    CHECK(tree.find_own("shown/file") == node->inode);
    CHECK(tree.find_own("hidden/file") == nullptr);
    CHECK(tree.find_own("upper") == nullptr);
    CHECK(tree.find_own("shown") == nullptr);
    CHECK(tree.find_own("absent/file") == nullptr);
}

TEST_CASE("packed attributes come back as they were") {
    const Attributes attributes{{"security.capability", {1, 0, 2}}, {"user.empty", {}}};
    const Bytes packed = pack_attributes(attributes);
    CHECK(unpack_attributes(packed) == attributes);
    CHECK(pack_attributes({}).empty());
    CHECK_THROWS_AS(unpack_attributes(ByteView(packed).first(packed.size() - 1)), Error);
}

TEST_CASE("the topmost explicit directory gives the metadata, a directory overlay's the last") {
    RootTree tree;
    tree.begin_layer(directory_overlay);
    tree.insert(directory_entry("root", 0775));
    tree.insert(directory_entry("srv", 0775));
    tree.begin_layer(overlay);
    tree.insert(directory_entry("opt", 0711));
    tree.begin_layer(exact);
    tree.insert(directory_entry("root", 0700));
    tree.insert(directory_entry("opt", 0755));
    CHECK(tree.find("root")->inode->mode == 0700);
    CHECK(tree.find("srv")->inode->mode == 0775);
    CHECK(tree.find("opt")->inode->mode == 0711);
}

TEST_CASE("an overlay's lib goes to usr/lib where the root has a link") {
    RootTree tree;
    tree.begin_layer(overlay);
    tree.insert(directory_entry("lib", 0755));
    tree.insert(file_entry("lib/udev/new"));
    tree.insert(file_entry("lib/udev/both", 0600));
    tree.begin_layer(exact);
    tree.insert(directory_entry("usr/lib/udev", 0711));
    tree.insert(file_entry("usr/lib/udev/both", 0644));
    tree.insert(link_entry("lib", "usr/lib"));
    CHECK(listing(tree) == Lines{"lib -> usr/lib", "usr", "usr/lib", "usr/lib/udev",
                                 "usr/lib/udev/both", "usr/lib/udev/new"});
    CHECK(tree.find("lib/udev/both")->inode->mode == 0600);
    CHECK(tree.find("usr/lib/udev")->inode->mode == 0711);
}

TEST_CASE("what a higher layer hides does not come back along a lower one's link") {
    RootTree tree;
    tree.begin_layer(overlay);
    tree.insert(file_entry("lib/d/mine"));
    tree.insert(file_entry("lib/e/mine"));
    tree.insert(file_entry("lib/x", 0600));
    tree.begin_layer(exact);
    for (const char* name : {"d", "x", "y", "z"})
        tree.insert(hiding(EntryType::whiteout, std::string("usr/lib/") + name));
    tree.insert(file_entry("usr/lib/e/upper"));
    tree.insert(hiding(EntryType::opaque, "usr/lib/e"));
    tree.begin_layer(exact);
    tree.insert(file_entry("lib/d/lower"));
    tree.insert(file_entry("lib/e/lower"));
    tree.insert(file_entry("lib/kept"));
    tree.insert(file_entry("lib/y"));
    tree.insert(directory_entry("lib/z"));
    tree.insert(file_entry("lib/z/lower"));
    tree.begin_layer(exact);
    tree.insert(link_entry("lib", "usr/lib"));
    tree.insert(file_entry("usr/lib/d/lowest"));
    tree.insert(file_entry("usr/lib/x", 0644));
    tree.insert(file_entry("usr/lib/y"));
    CHECK(listing(tree) == Lines{"lib -> usr/lib", "usr", "usr/lib", "usr/lib/d", "usr/lib/d/mine",
                                 "usr/lib/e", "usr/lib/e/mine", "usr/lib/e/upper", "usr/lib/kept",
                                 "usr/lib/x"});
    CHECK(tree.find("usr/lib/x")->inode->mode == 0600);
}

TEST_CASE("what lies in a hidden directory does not come back along a link to it") {
    RootTree tree;
    tree.begin_layer(exact);
    tree.insert(directory_entry("usr"));
    tree.insert(hiding(EntryType::opaque, "usr"));
    tree.begin_layer(exact);
    tree.insert(file_entry("lib/x"));
    tree.begin_layer(exact);
    tree.insert(link_entry("lib", "usr/lib"));
    CHECK(tree.find("lib/x") == nullptr);
}

TEST_CASE("entries below a link of the same layer are placed where it leads") {
    RootTree tree;
    tree.begin_layer(exact);
    tree.insert(link_entry("bin", "/usr/bin"));
    tree.insert(file_entry("bin/sh"));
    tree.insert(link_entry("out", "../../../../etc"));
    tree.insert(file_entry("out/passwd"));
    CHECK(listing(tree) == Lines{"bin -> /usr/bin", "etc", "etc/passwd", "out -> ../../../../etc",
                                 "usr", "usr/bin", "usr/bin/sh"});
}

TEST_CASE("a directory of an upper OCI layer replaces a lower one's link") {
    RootTree tree;
    tree.begin_layer(exact);
    tree.insert(directory_entry("lib"));
    tree.insert(file_entry("lib/x"));
    tree.begin_layer(exact);
    tree.insert(link_entry("lib", "usr/lib"));
    tree.insert(file_entry("lib/y"));
    CHECK(listing(tree) == Lines{"lib", "lib/x"});
}

TEST_CASE("a link of an upper layer hides the lower layers' directory") {
    RootTree tree;
    tree.begin_layer(exact);
    tree.insert(link_entry("data", "srv"));
    tree.begin_layer(exact);
    tree.insert(directory_entry("data"));
    tree.insert(file_entry("data/x"));
    CHECK(listing(tree) == Lines{"data -> srv"});
}

TEST_CASE("whiteouts hide lower layers only") {
    RootTree tree;
    tree.begin_layer(exact);
    tree.insert(hiding(EntryType::whiteout, "a"));
    tree.insert(directory_entry("d"));
    tree.insert(hiding(EntryType::opaque, "d"));
    tree.insert(file_entry("d/mine"));
    tree.insert(hiding(EntryType::whiteout, "again"));
    tree.insert(directory_entry("again"));
    tree.begin_layer(exact);
    CHECK(tree.insert(file_entry("a/below")) == nullptr);
    CHECK(tree.insert(directory_entry("a")) == nullptr);
    CHECK(tree.insert(file_entry("d/lower")) == nullptr);
    CHECK(tree.insert(file_entry("again/lower")) == nullptr);
    CHECK(tree.insert(file_entry("b")) != nullptr);
    CHECK(listing(tree) == Lines{"again", "b", "d", "d/mine"});
}

TEST_CASE("an opaque marker in something that is no directory hides nothing") {
    RootTree tree;
    tree.begin_layer(exact);
    tree.insert(file_entry("opt/a", 0600));
    tree.begin_layer(exact);
    CHECK(tree.insert(hiding(EntryType::opaque, "opt/a")) == nullptr);
    CHECK(tree.find("opt/a")->inode->mode == 0600);
    tree.insert(file_entry("x"));
    CHECK_THROWS_WITH(tree.insert(hiding(EntryType::opaque, "x")),
                      "cannot place 'x' in the root: it is not a directory");
}

TEST_CASE("a file between two layers' directories hides the lower one") {
    RootTree tree;
    tree.begin_layer(exact);
    tree.insert(directory_entry("p"));
    tree.begin_layer(exact);
    CHECK(tree.insert(file_entry("p")) == nullptr);
    tree.begin_layer(exact);
    tree.insert(directory_entry("p"));
    CHECK(tree.insert(file_entry("p/x")) == nullptr);
    CHECK(listing(tree) == Lines{"p"});
}

TEST_CASE("one layer may not have a path twice") {
    RootTree tree;
    tree.begin_layer(exact);
    tree.insert(file_entry("a"));
    tree.insert(link_entry("dir", "."));
    CHECK_THROWS_WITH(tree.insert(file_entry("a")),
                      "cannot place 'a' in the root: the same layer has it twice");
    CHECK_THROWS_AS(tree.insert(file_entry("dir/a")), Error);
    CHECK_THROWS_AS(tree.insert(file_entry("a/b")), Error);
    tree.insert(directory_entry("d", 0755));
    tree.insert(directory_entry("d", 0700));
    CHECK(tree.find("d")->inode->mode == 0700);
    CHECK_THROWS_AS(tree.insert(file_entry("d")), Error);
}

TEST_CASE("loops of links are refused") {
    RootTree tree;
    tree.begin_layer(exact);
    tree.insert(link_entry("a", "b"));
    tree.insert(link_entry("b", "a"));
    CHECK_THROWS_WITH(tree.insert(file_entry("a/x")),
                      Contains("too many levels of symbolic links"));
    // An overlay's directory that would have to be handed into itself.
    RootTree other;
    other.begin_layer(overlay);
    other.insert(file_entry("lib/x"));
    other.begin_layer(exact);
    CHECK_THROWS_AS(other.insert(link_entry("lib", "lib/x")), Error);
}

TEST_CASE("what moves to where a link leads cannot replace its own way there") {
    // The file 'a' would replace the directory that its own one is being merged into.
    RootTree tree;
    tree.begin_layer(overlay);
    tree.insert(file_entry("l/b/a"));
    tree.insert(file_entry("l/c"));
    tree.begin_layer(exact);
    tree.insert(link_entry("a/d/b", "/"));
    CHECK_THROWS_WITH(tree.insert(link_entry("l", "a/d")),
                      "cannot place 'a' in the root: its way there leads through what it replaces");
    // The file 'l' would replace the link that it comes through.
    RootTree other;
    other.begin_layer(overlay);
    other.insert(file_entry("l/l"));
    other.begin_layer(exact);
    CHECK_THROWS_WITH(other.insert(link_entry("l", ".")), Contains("its way there leads through"));
    // Beside that way it may.
    RootTree good;
    good.begin_layer(overlay);
    good.insert(file_entry("l/b/e"));
    good.begin_layer(exact);
    good.insert(link_entry("a/d/b", "/"));
    good.insert(file_entry("e/f"));
    good.insert(link_entry("l", "a/d"));
    CHECK(listing(good) == Lines{"a", "a/d", "a/d/b -> /", "e", "l -> a/d"});
}

TEST_CASE("directories that paths imply are counted once, wherever links lead") {
    RootTree tree;
    tree.begin_layer(overlay);
    tree.insert(file_entry("a/b/c/file"));
    tree.insert(file_entry("a/b/other"));
    CHECK(tree.implied_directories() == 3);
    tree.insert(directory_entry("a/b"));
    CHECK(tree.find("missing/x") == nullptr);
    CHECK(tree.implied_directories() == 3);
    tree.begin_layer(exact);
    tree.insert(link_entry("a", "one/two")); // which is made for what 'a' had
    CHECK(tree.implied_directories() == 5);
}

TEST_CASE("a link chain cannot make the tree deeper than a stack can hold") {
    RootTree tree;
    tree.begin_layer(exact);
    std::string deep = "d";
    for (int i = 0; i < 400; ++i)
        deep += "/d";
    tree.insert(file_entry(deep + "/f"));
    tree.insert(link_entry("l1", deep));
    tree.insert(file_entry("l1/" + deep + "/f"));
    tree.insert(link_entry("l2", "l1/" + deep));
    CHECK_THROWS_WITH(tree.insert(file_entry("l2/" + deep + "/f")), Contains("1000"));
}

TEST_CASE("directories that move along links cannot make it so deep either") {
    std::string below;
    for (int i = 0; i < 900; ++i)
        below += "/d";
    RootTree tree;
    tree.begin_layer(exact);
    tree.insert(file_entry("l0/f"));
    tree.insert(link_entry("l0", "l1" + below));
    CHECK_THROWS_WITH(
        [&] {
            for (int i = 1; i < 400; ++i)
                tree.insert(
                    link_entry("l" + std::to_string(i), "l" + std::to_string(i + 1) + below));
        }(),
        Contains("more than 1000 directories deep"));
}

TEST_CASE("nothing gets a name into the tree that no file can have") {
    RootTree tree;
    tree.begin_layer(exact);
    for (const std::string& path :
         {std::string("etc/.."), std::string("etc/."), std::string("etc/"),
          std::string("etc/a\0b", 7), std::string()}) {
        CAPTURE(path);
        CHECK_THROWS_WITH(tree.put(file_entry(path)), Contains("is not a name for a file"));
    }
    CHECK(listing(tree) == Lines{"etc"});
}
