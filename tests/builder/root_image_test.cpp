// SPDX-License-Identifier: Apache-2.0
// From a small tar to a squashfs that two independent readers understand.
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/process.hpp"
#include "base/units.hpp"
#include "builder/root_image.hpp"
#include "root_fixture.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <sstream>

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using namespace quoin;
using namespace quoin::test;

namespace {

constexpr std::uint64_t place = 8192; // of the image in its file: like a partition

/// SOURCE_DATE_EPOCH for one test.
struct Epoch {
    explicit Epoch(const char* value) { setenv("SOURCE_DATE_EPOCH", value, 1); }
    ~Epoch() { unsetenv("SOURCE_DATE_EPOCH"); }
    Epoch(const Epoch&) = delete;
    Epoch& operator=(const Epoch&) = delete;
};

struct Build {
    TemporaryDirectory directory;
    RootImageOptions options;
    UniqueFd file;

    [[nodiscard]] std::string path(const std::string& name) const {
        return directory.path() + "/" + name;
    }
    RootImage run(const Recipe& recipe) {
        file = open_file(path("image"), O_RDWR | O_CREAT | O_TRUNC);
        return write_root_image(recipe, options, file, place);
    }
    RootImage run(const TarBuilder& tar) {
        tar.write(path("root.tar"));
        return run(recipe_for_tar(path("root.tar")));
    }
    [[nodiscard]] Bytes content(const RootImage& image) const {
        Bytes bytes(image.size);
        pread_exact(file, bytes, place, "image");
        return bytes;
    }
};

std::string text_in(RootReader& reader, const std::string& path) {
    const auto content = reader.read(path);
    REQUIRE(content);
    return std::string(text_of(*content));
}

RootReader::File entry_in(RootReader& reader, const std::string& path) {
    for (const auto& found : reader.walk())
        if (found.path == path)
            return found;
    FAIL("no " << path);
    return {};
}

} // namespace

TEST_CASE("of equal sources compiled Python modules are equal, whenever they were packaged") {
    Build build;
    TarBuilder tar = small_root();
    const std::string rest = noise(200'000, 4);
    const auto header = [](const char* hex) {
        const auto bytes = from_hex(hex);
        return std::string(text_of(*bytes));
    };
    const auto source = [&tar](const std::string& path, std::int64_t time) {
        Entry entry = file_entry(path);
        entry.mtime = time;
        tar.add(entry, std::string(0x1851c, '#'));
    };
    source("usr/lib/python3/a.py", 0x6a02b7e7);
    tar.file("usr/lib/python3/__pycache__/a.cpython-311.pyc",
             header("a70d0d0a00000000e7b7026a1c850100") + rest);
    source("usr/lib/python3/b.py", 0x6ac63c7b);
    tar.file("usr/lib/python3/__pycache__/b.cpython-311.pyc",
             header("a70d0d0a000000007b3cc66a1c850100") + rest);
    const RootImage image = build.run(tar);
    RootReader reader(build.file, place, image.size);
    const std::string module = text_in(reader, "usr/lib/python3/__pycache__/a.cpython-311.pyc");
    CHECK(module == header("a70d0d0a010000000000000000000000") + rest);
    CHECK(text_in(reader, "usr/lib/python3/__pycache__/b.cpython-311.pyc") == module);
}

TEST_CASE("metadata and contents of a tar arrive in the squashfs exactly") {
    Build build;
    TarBuilder tar = small_root();
    Entry program = file_entry("usr/bin/ping", 04755);
    program.uid = 4'000'000'000;
    program.gid = 7;
    program.xattrs["security.capability"] = {1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0,
                                             0, 0, 0, 0, 0, 0,    0, 0, 0, 0};
    tar.add(program, noise(700'000, 3));
    Entry device = file_entry("srv/disk", 0660);
    device.type = EntryType::block_device;
    device.device_major = 259;
    device.device_minor = 70000;
    tar.add(device);
    Entry fifo = file_entry("srv/pipe", 0600);
    fifo.type = EntryType::fifo;
    tar.add(fifo);
    tar.file("srv/empty", "").file("srv/block", std::string(128 << 10, 'x'));
    tar.file("srv/sparse", std::string(400'000, '\0') + "end");
    const RootImage image = build.run(tar);

    RootReader reader(build.file, place, image.size);
    const auto ping = entry_in(reader, "usr/bin/ping");
    CHECK(ping.mode == 04755);
    CHECK(ping.uid == 4'000'000'000);
    CHECK(ping.gid == 7);
    CHECK(ping.mtime == 1'000'000'000);
    CHECK(ping.xattrs == program.xattrs);
    CHECK(entry_in(reader, "usr/bin/true").xattrs.empty());
    CHECK(text_in(reader, "/usr/bin/ping") == noise(700'000, 3));
    CHECK(text_in(reader, "usr/bin/false") == "program");
    CHECK(entry_in(reader, "srv/disk").type == 'b');
    CHECK(entry_in(reader, "srv/pipe").type == 'p');
    CHECK(text_in(reader, "srv/empty").empty());
    CHECK(text_in(reader, "srv/block") == std::string(128 << 10, 'x'));
    CHECK(text_in(reader, "srv/sparse") == std::string(400'000, '\0') + "end");
    CHECK(entry_in(reader, "lib").target == "usr/lib");
    CHECK(text_in(reader, "lib/systemd/systemd") == "program");
    CHECK_FALSE(reader.read("srv"));
    CHECK_FALSE(reader.read("srv/empty/x"));
}

TEST_CASE("unsquashfs reads the same that went in") {
    Build build;
    TarBuilder tar = small_root();
    tar.file("srv/big", noise(500'000, 1)).file("srv/small", "small", 0640);
    const RootImage image = build.run(tar);
    write_text(build.path("squashfs"), std::string(text_of(build.content(image))));
    ProcessOptions utc;
    utc.environment = {{"TZ", "UTC"}};
    const std::string listing = run_checked({"unsquashfs", "-lln", build.path("squashfs")}, utc);
    const auto line_of = [&](const std::string& path) {
        std::istringstream lines(listing);
        for (std::string line; std::getline(lines, line);)
            if (line.ends_with(" squashfs-root/" + path) ||
                line.find(" squashfs-root/" + path + " -> ") != std::string::npos) {
                line.erase(std::unique(line.begin(), line.end(),
                                       [](char a, char b) { return a == ' ' && b == ' '; }),
                           line.end());
                return line;
            }
        return std::string();
    };
    CHECK(line_of("srv/big") == "-rw-r--r-- 0/0 500000 2001-09-09 01:46 squashfs-root/srv/big");
    CHECK(line_of("srv/small") == "-rw-r----- 0/0 5 2001-09-09 01:46 squashfs-root/srv/small");
    CHECK(line_of("lib") == "lrwxrwxrwx 0/0 7 2001-09-09 01:46 squashfs-root/lib -> usr/lib");
    CHECK(run_checked({"unsquashfs", "-cat", build.path("squashfs"), "srv/big"}) ==
          noise(500'000, 1));
}

TEST_CASE("the bytes do not depend on the number of workers") {
    Build build;
    TarBuilder tar = small_root();
    for (std::uint32_t i = 0; i < 40; ++i)
        tar.file("srv/file" + std::to_string(i),
                 noise(std::size_t{i} * 20'000, i) + std::string(std::size_t{i} * 5000, 'x'));
    build.options.workers = 1;
    const Bytes one = build.content(build.run(tar));
    build.options.workers = 4;
    const Bytes four = build.content(build.run(tar));
    CHECK(one == four);
}

TEST_CASE("a cache does not change the bytes, whole or damaged") {
    Build build;
    TarBuilder tar = small_root();
    for (std::uint32_t i = 0; i < 8; ++i)
        tar.file("srv/file" + std::to_string(i),
                 noise(std::size_t{i} * 20'000, i) + std::string(std::size_t{i} * 5000, 'x'));
    const Bytes without = build.content(build.run(tar));

    const auto run_with_cache = [&] {
        BlockCache cache(build.path("cache"));
        build.options.blocks = &cache;
        const Bytes content = build.content(build.run(tar));
        build.options.blocks = nullptr;
        cache.commit();
        CHECK(content == without);
        return std::pair(cache.blocks_found(), cache.blocks_added());
    };
    const auto [found_first, added] = run_with_cache();
    CHECK(found_first == 0);
    CHECK(added > 8);
    CHECK(run_with_cache() == std::pair(added, std::uint64_t{0}));

    for (const auto& pack : std::filesystem::directory_iterator(build.path("cache"))) {
        Bytes content = read_file(pack.path(), 64 << 20);
        for (std::size_t position = 0; position < content.size() / 2; position += 4096)
            content[position] ^= 1;
        write_text(pack.path(), std::string(text_of(content)));
    }
    const auto [found_damaged, added_damaged] = run_with_cache();
    CHECK(found_damaged > 0);
    CHECK(added_damaged > 0);
}

TEST_CASE("chunks cover the image, and leaves are those of its bytes") {
    Build build;
    TarBuilder tar = small_root();
    for (std::uint32_t i = 0; i < 20; ++i)
        tar.file("srv/file" + std::to_string(i), noise(100'000, i));
    const RootImage image = build.run(tar);
    const Bytes bytes = build.content(image);
    CHECK(image.size % 4096 == 0);

    std::uint64_t position = 0;
    for (const Chunk& chunk : image.chunks) {
        REQUIRE(position + chunk.size <= bytes.size());
        CHECK(chunk.hash == chunk_hash(ByteView(bytes).subspan(position, chunk.size)));
        position += chunk.size;
    }
    CHECK(position == image.size);
    CHECK(image.chunks.front().kind == ChunkKind::table);
    CHECK(std::any_of(image.chunks.begin(), image.chunks.end(),
                      [](const Chunk& c) { return c.kind == ChunkKind::fragment; }));

    VerityWriter whole(VerityParameters::derived_from("node"), image.size);
    whole.update(bytes);
    CHECK(image.leaves.finish([](std::uint64_t, ByteView) {}) == whole.finish());
    // Nothing before or behind the partition's place was touched.
    Bytes before(place);
    pread_exact(build.file, before, 0, "image");
    CHECK(all_zero(before));
    CHECK(size_of(build.file, "image") == place + image.size);
}

TEST_CASE("equal files are stored once, and almost equal ones correctly") {
    Build build;
    const std::string content = noise(1'000'000, 1);
    const RootImage once = build.run(small_root().file("srv/a", content));
    TarBuilder tar = small_root();
    tar.file("srv/a", content).file("srv/b", content).file("srv/c", content + "tail");
    const std::string changed = content.substr(0, 700'000) + noise(300'000, 2);
    tar.file("srv/d", changed).file("srv/e", changed);
    const RootImage image = build.run(tar);
    RootReader reader(build.file, place, image.size);
    for (const char* path : {"srv/a", "srv/b"})
        CHECK(text_in(reader, path) == content);
    CHECK(text_in(reader, "srv/c") == content + "tail");
    CHECK(text_in(reader, "srv/d") == changed);
    CHECK(text_in(reader, "srv/e") == changed);
    CHECK(image.size - once.size < 1'100'000); // one more file, not four
}

TEST_CASE("paths below a directory, and sizes, are found without reading files") {
    Build build;
    TarBuilder tar = small_root();
    tar.file("srv/a/one.ko", "1").file("srv/a/two", "12").file("srv/three.ko", "123");
    tar.link("srv/link", "a/two").file("other/four.ko", "1234");
    const RootImage image = build.run(tar);
    RootReader reader(build.file, place, image.size);
    const auto is_module = [](const std::string& path) { return path.ends_with(".ko"); };
    CHECK(reader.paths_below("srv", is_module) ==
          std::vector<std::string>{"srv/a/one.ko", "srv/three.ko"});
    CHECK(reader.paths_below("srv/link", is_module).empty());
    CHECK(reader.size_of("srv/link") == 2);
    CHECK(reader.size_of("srv/a") == 0);
    CHECK(reader.size_of("srv/none") == 0);
}

TEST_CASE("the kernel is taken out of the root") {
    Build build;
    const RootImage image = build.run(small_root());
    CHECK(image.kernel_release == "6.1.0-13");
    CHECK(text_of(image.kernel) == "new kernel");
    RootReader reader(build.file, place, image.size);
    CHECK(reader.list("boot").empty());
    CHECK(reader.walk().front().path == "boot");
    const auto top = reader.list("/");
    CHECK(std::find(top.begin(), top.end(), "vmlinuz") == top.end());
    CHECK_THROWS_WITH(build.run(TarBuilder().directory("etc")),
                      Contains("no kernel found in the root"));
}

TEST_CASE("name servers of the recipe are those of programs that read resolv.conf") {
    Build build;
    Recipe recipe = recipe_for_tar(build.path("root.tar"));
    recipe.networks["b"].dns = {"192.0.2.2", "192.0.2.3", "192.0.2.4"};
    recipe.networks["a"].dns = {"2001:db8::1", "192.0.2.2"};
    recipe.networks["c"];
    const auto text_of_image = [&](const TarBuilder& tar) {
        tar.write(build.path("root.tar"));
        const RootImage image = build.run(recipe);
        RootReader reader(build.file, place, image.size);
        return text_in(reader, "etc/resolv.conf");
    };
    CHECK(text_of_image(small_root()) ==
          "nameserver 2001:db8::1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\n");
    CHECK(text_of_image(small_root().file("etc/resolv.conf", "options rotate\n")) ==
          "options rotate\n");
    CHECK(text_of_image(small_root()
                            .link("etc/resolv.conf", "../srv/resolv.conf")
                            .file("srv/resolv.conf", "options debug\n")) == "options debug\n");
}

TEST_CASE("a link to what the root lacks is its resolv.conf, too") {
    Build build;
    small_root().link("etc/resolv.conf", "../run/stub").write(build.path("root.tar"));
    Recipe recipe = recipe_for_tar(build.path("root.tar"));
    recipe.networks["a"].dns = {"192.0.2.2"};
    const RootImage image = build.run(recipe);
    RootReader reader(build.file, place, image.size);
    CHECK(entry_in(reader, "etc/resolv.conf").target == "../run/stub");
}

TEST_CASE("without name servers in the recipe there is no resolv.conf") {
    Build build;
    small_root().write(build.path("root.tar"));
    Recipe recipe = recipe_for_tar(build.path("root.tar"));
    recipe.networks["a"];
    const RootImage image = build.run(recipe);
    RootReader reader(build.file, place, image.size);
    CHECK_FALSE(reader.read("etc/resolv.conf"));
}

TEST_CASE("the system is set up as the recipe says") {
    Build build;
    small_root().write(build.path("root.tar"));
    Recipe recipe = recipe_for_tar(build.path("root.tar"));
    recipe.enable = {"ssh.service", "tty@ttyS0.service"};
    recipe.networks["lan"].match = "en*";
    RecipeUser ops;
    ops.name = "ops";
    ops.groups = {"sudo"};
    ops.authorized_keys = {"ssh-ed25519 AAAA ops"};
    recipe.users.push_back(ops);
    recipe.persist.push_back("/srv/data");
    const RootImage image = build.run(recipe);

    RootReader reader(build.file, place, image.size);
    CHECK(text_in(reader, "etc/hostname") == "box\n");
    CHECK(text_in(reader, "etc/machine-id").empty());
    CHECK(image.os_release == "ID=debian\nIMAGE_ID=node\nIMAGE_VERSION=1.2.3\n");
    CHECK(text_in(reader, "etc/os-release") == image.os_release);
    CHECK(entry_in(reader, "etc/systemd/system/multi-user.target.wants/ssh.service").target ==
          "/usr/lib/systemd/system/ssh.service");
    CHECK(entry_in(reader, "etc/systemd/system/getty.target.wants/tty@ttyS0.service").target ==
          "/usr/lib/systemd/system/tty@.service");
    CHECK_THAT(text_in(reader, "etc/systemd/network/10-lan.network"), Contains("Name=en*"));
    CHECK_THAT(text_in(reader, "etc/passwd"), Contains("ops:x:1001:1001:"));
    CHECK_THAT(text_in(reader, "etc/shadow"), StartsWith("root:!*:"));
    CHECK(entry_in(reader, "etc/shadow").mode == 0640);
    const auto keys = entry_in(reader, "home/ops/.ssh/authorized_keys");
    CHECK(keys.mode == 0600);
    CHECK(keys.uid == 1001);
    CHECK(entry_in(reader, "home/ops/.ssh").mode == 0700);
    CHECK(entry_in(reader, "home/ops").uid == 1001);
    CHECK(entry_in(reader, "home").uid == 0);
    CHECK(entry_in(reader, "tmp").mode == 01777);
    for (const char* path : {"proc", "sys", "dev", "run", "var", "srv/data", "var/lib/quoin"})
        CHECK(entry_in(reader, path).type == 'd');

    const auto warned = [&](const std::string& text) {
        return std::any_of(image.warnings.begin(), image.warnings.end(),
                           [&](const std::string& w) { return w.find(text) != std::string::npos; });
    };
    CHECK(warned("systemd-networkd"));
    CHECK(warned("password"));
    CHECK_FALSE(warned("lacks systemd ("));
}

TEST_CASE("a root without what the agent needs is built with warnings") {
    Build build;
    AddedFile agent;
    agent.path = "usr/bin/quoin-agent";
    agent.mode = 0755;
    agent.content = read_file("/proc/self/exe", 1 << 30);
    build.options.added.push_back(agent);
    const RootImage image = build.run(TarBuilder().file("boot/vmlinuz-1", "kernel"));
    std::string all;
    for (const std::string& warning : image.warnings)
        all += warning + "\n";
    CHECK_THAT(all, Contains("lacks systemd"));
    CHECK_THAT(all, Contains("modules of its kernel"));
    CHECK_THAT(all, Contains("'libc.so.6', which /usr/bin/quoin-agent needs"));
}

TEST_CASE("an overlay's module is not shadowed by the compiled one below") {
    Build build;
    TarBuilder root = small_root();
    const std::string compiled("\xa7\x0d\x0d\x0a\0\0\0\0\x10\x27\0\0\x08\0\0\0code", 20);
    for (const char* name : {"same", "changed", "gone"}) {
        Entry source = file_entry("usr/lib/tools/" + std::string(name) + ".py");
        source.mtime = 10000;
        root.add(source, "of below");
        root.file("usr/lib/tools/__pycache__/" + std::string(name) + ".cpython-311.pyc", compiled);
    }
    root.write(build.path("root.tar"));
    Entry changed = file_entry("usr/lib/tools/changed.py");
    changed.mtime = 20000;
    TarBuilder().add(changed, "of above").write(build.path("over.tar"));

    Recipe recipe = recipe_for_tar(build.path("root.tar"));
    recipe.overlays = {build.path("over.tar")};
    recipe.remove = {"/usr/lib/tools/gone.py"};
    const Epoch epoch("5000"); // all times end up the same
    const RootImage image = build.run(recipe);
    RootReader reader(build.file, place, image.size);
    CHECK(text_in(reader, "usr/lib/tools/changed.py") == "of above");
    CHECK(reader.list("usr/lib/tools/__pycache__") ==
          std::vector<std::string>{"same.cpython-311.pyc"});
}

TEST_CASE("overlays win over the root, and removals only touch the root") {
    Build build;
    small_root()
        .directory("root", 0700)
        .file("usr/share/doc/a", "a")
        .file("usr/share/doc/b", "b")
        .write(build.path("root.tar"));
    std::filesystem::create_directories(build.path("over/lib/tools"));
    std::filesystem::create_directories(build.path("over/root"));
    std::filesystem::create_directories(build.path("over/usr/share/doc"));
    write_text(build.path("over/lib/tools/new"), "from the overlay");
    write_text(build.path("over/usr/share/doc/mine"), "kept");
    write_text(build.path("over/usr/bin"), "");
    std::filesystem::remove(build.path("over/usr/bin"));
    std::filesystem::create_directories(build.path("over/usr/bin"));
    write_text(build.path("over/usr/bin/true"), "replaced");
    TarBuilder().file("usr/share/doc/mine", "of the last overlay").write(build.path("last.tar"));

    Recipe recipe = recipe_for_tar(build.path("root.tar"));
    recipe.overlays = {build.path("over"), build.path("last.tar")};
    recipe.remove = {"/usr/share/doc/*", "/boot", "/nothing/here"};
    const RootImage image = build.run(recipe);
    RootReader reader(build.file, place, image.size);
    CHECK(reader.list("usr/share/doc") == std::vector<std::string>{"mine"});
    CHECK(text_in(reader, "usr/share/doc/mine") == "of the last overlay");
    CHECK(text_in(reader, "usr/lib/tools/new") == "from the overlay");
    CHECK(entry_in(reader, "lib").type == 'l');
    CHECK(entry_in(reader, "usr/lib/tools/new").uid == 0);
    CHECK(entry_in(reader, "root").mode == 0700);
    CHECK(text_in(reader, "usr/bin/true") == "replaced");
    // Its first name was replaced: the archive is read again for its content.
    CHECK(text_in(reader, "usr/bin/false") == "program");
    CHECK(entry_in(reader, "usr/bin/false").mode == 0755);
    CHECK(std::any_of(image.warnings.begin(), image.warnings.end(), [](const std::string& w) {
        return w == "the pattern '/nothing/here' in 'remove' matches nothing";
    }));
}

TEST_CASE("SOURCE_DATE_EPOCH bounds every time and makes builds repeatable") {
    const Epoch epoch("900000000");
    Build build;
    const RootImage image = build.run(small_root());
    RootReader reader(build.file, place, image.size);
    CHECK(image.time == 900'000'000);
    for (const auto& found : reader.walk()) {
        CAPTURE(found.path);
        CHECK(found.mtime == 900'000'000);
    }
    const Bytes first = build.content(image);
    CHECK(build.content(build.run(small_root())) == first);
}

TEST_CASE("a kernel whose release is no text is refused by name") {
    Build build;
    CHECK_THROWS_WITH(build.run(small_root().add(file_entry("boot/vmlinuz-9.9 x"), "x")),
                      Contains("kernel '9.9 x': its release has characters"));
}

TEST_CASE("unit files are held in memory, but not without end") {
    Build build;
    TarBuilder root = small_root();
    const std::string text(64 * KiB, '#');
    for (int i = 0; i < 300; ++i)
        root.add(file_entry("usr/lib/systemd/system/u" + std::to_string(i) + ".service"), text);
    CHECK_THROWS_WITH(build.run(root), Contains("/u25") && Contains("16.0 MiB"));
}

TEST_CASE("a SOURCE_DATE_EPOCH later than every file is the image's time") {
    const Epoch epoch("2000000000");
    Build build;
    const RootImage image = build.run(small_root());
    RootReader reader(build.file, place, image.size);
    CHECK(image.time == 2'000'000'000);
    CHECK(entry_in(reader, "etc/hostname").mtime == 2'000'000'000);
    CHECK(entry_in(reader, "usr/bin/true").mtime == 1'000'000'000);
}

TEST_CASE("without SOURCE_DATE_EPOCH what Quoin makes is as old as the newest file") {
    unsetenv("SOURCE_DATE_EPOCH");
    Build build;
    Entry newest = file_entry("srv/newest");
    newest.mtime = 1'500'000'000;
    const RootImage image = build.run(small_root().add(newest, "x"));
    RootReader reader(build.file, place, image.size);
    CHECK(image.time == 1'500'000'000);
    CHECK(entry_in(reader, "usr/lib/clock-epoch").mtime == 1'500'000'000);
    CHECK(entry_in(reader, "etc/hostname").mtime == 1'500'000'000);
    CHECK(entry_in(reader, "usr/bin/true").mtime == 1'000'000'000);
}

TEST_CASE("block size and level of the recipe are used") {
    Build build;
    small_root()
        .file("srv/text", std::string(300'000, 'a') + noise(5000, 1))
        .write(build.path("t"));
    Recipe recipe = recipe_for_tar(build.path("t"));
    for (const std::uint32_t block_size : {4096U, 1U << 20}) {
        recipe.block_size = block_size;
        recipe.compression_level = 19;
        const RootImage image = build.run(recipe);
        write_text(build.path("squashfs"), std::string(text_of(build.content(image))));
        const std::string facts = run_checked({"unsquashfs", "-s", build.path("squashfs")});
        CHECK_THAT(facts, Contains("Block size " + std::to_string(block_size)));
        CHECK_THAT(facts, Contains("Compression zstd"));
        CHECK_THAT(facts, Contains("compression-level 19"));
        RootReader reader(build.file, place, image.size);
        CHECK(text_in(reader, "srv/text") == std::string(300'000, 'a') + noise(5000, 1));
    }
}

TEST_CASE("a damaged squashfs is refused, not believed") {
    Build build;
    const RootImage image = build.run(small_root().file("srv/data", noise(50'000, 1)));
    CHECK_THROWS_AS(RootReader(build.file, 0, image.size), Error);         // not where it begins
    CHECK_THROWS_AS(RootReader(build.file, place, image.size / 2), Error); // cut
    RootReader reader(build.file, place, image.size);
    CHECK_THROWS_WITH(reader.read("usr/bin/true", 3), Contains("larger than"));
}
