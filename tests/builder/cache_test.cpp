// SPDX-License-Identifier: Apache-2.0
// The cache may lose what it likes, but what it gives is right.
#include "base/error.hpp"
#include "builder/cache/block_cache.hpp"
#include "builder/cache/build_cache.hpp"
#include "builder/cache/cache_directory.hpp"
#include "builder/cache/root_archive.hpp"
#include "root_fixture.hpp"
#include "support/catch.hpp"

#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <thread>

using Catch::Matchers::Contains;
using namespace quoin;
using namespace quoin::test;

namespace {

Digest key_of(const std::string& raw) {
    return block_key(zstd_codec(15, 131072), bytes_of(raw));
}

/// What the cache keeps in these tests: it does not care whether a block is compressed.
std::string block_of(const std::string& raw) {
    return "compressed " + raw;
}

void keep(BlockCache& cache, const std::vector<std::string>& raws) {
    for (const std::string& raw : raws)
        cache.add(key_of(raw), bytes_of(block_of(raw)));
}

void keep(const std::string& directory, const std::vector<std::string>& raws) {
    BlockCache cache(directory);
    keep(cache, raws);
    cache.commit();
    REQUIRE_FALSE(cache.failure());
}

std::optional<std::string> found(BlockCache& cache, const std::string& raw) {
    Bytes out(1000);
    const auto size = cache.find(key_of(raw), out);
    return size ? std::optional(std::string(text_of(ByteView(out).first(*size)))) : std::nullopt;
}

std::vector<std::string> names_in(const std::string& directory) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory))
        names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
}

std::string only_file(const std::string& directory) {
    const auto names = names_in(directory);
    REQUIRE(names.size() == 1);
    return directory + "/" + names.front();
}

std::string path_in(const TemporaryDirectory& directory, const std::string& name) {
    return directory.path() + "/" + name;
}

void set_age(const std::string& path, std::int64_t seconds) {
    const timespec then{(file_clock_now() / 1'000'000'000) - seconds, 0};
    const timespec times[2] = {then, then};
    REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
}

std::uint64_t total_size(const std::string& directory) {
    std::uint64_t total = 0;
    for (const CacheFile& file : list_cache(directory))
        total += file.size;
    return total;
}

} // namespace

TEST_CASE("a block kept by one build is found by the next") {
    const TemporaryDirectory directory;
    keep(directory.path(), {"one", "two"});

    BlockCache cache(directory.path());
    CHECK(found(cache, "one") == block_of("one"));
    CHECK(found(cache, "two") == block_of("two"));
    CHECK(found(cache, "three") == std::nullopt);
    CHECK(cache.blocks_found() == 2);
}

TEST_CASE("a block that compression does not make smaller is remembered as such") {
    const TemporaryDirectory directory;
    {
        BlockCache cache(directory.path());
        cache.add(key_of("noise"), {});
        cache.commit();
    }
    BlockCache cache(directory.path());
    CHECK(found(cache, "noise") == "");
}

TEST_CASE("the key of a block depends on content, level and block size") {
    const auto raw = bytes_of("raw");
    const Digest key = block_key(zstd_codec(15, 131072), raw);
    CHECK(block_key(zstd_codec(15, 131072), raw) == key);
    CHECK(block_key(zstd_codec(14, 131072), raw) != key);
    CHECK(block_key(zstd_codec(15, 65536), raw) != key);
    CHECK(block_key(zstd_codec(15, 131072), bytes_of("war")) != key);
}

TEST_CASE("a block larger than the room for it is not given out") {
    const TemporaryDirectory directory;
    keep(directory.path(), {"one"});
    BlockCache cache(directory.path());
    Bytes small(block_of("one").size() - 1);
    CHECK_FALSE(cache.find(key_of("one"), small));
}

TEST_CASE("whatever byte of a pack is damaged, what is found is right") {
    const TemporaryDirectory directory;
    const std::vector<std::string> raws = {"one", "two", "three"};
    keep(directory.path(), raws);
    const std::string pack = only_file(directory.path());
    const Bytes intact = read_file(pack, 1 << 20);

    std::size_t lost = 0;
    for (std::size_t position = 0; position < intact.size(); ++position) {
        Bytes damaged = intact;
        damaged[position] ^= 0x40;
        write_text(pack, std::string(text_of(damaged)));
        BlockCache cache(directory.path());
        for (const std::string& raw : raws) {
            const auto block = found(cache, raw);
            lost += block ? 0 : 1;
            CHECK((!block || *block == block_of(raw)));
        }
    }
    // Damaged content costs one block, anything else of a pack all three.
    std::size_t content = 0;
    for (const std::string& raw : raws)
        content += block_of(raw).size();
    CHECK(lost == content + 3 * (intact.size() - content));
}

TEST_CASE("wherever a pack is cut, what is found is right") {
    const TemporaryDirectory directory;
    keep(directory.path(), {"one", "two"});
    const std::string pack = only_file(directory.path());
    const Bytes intact = read_file(pack, 1 << 20);
    for (std::size_t size = 0; size < intact.size(); ++size) {
        write_text(pack, std::string(text_of(ByteView(intact).first(size))));
        BlockCache cache(directory.path());
        CHECK_FALSE(found(cache, "one"));
        CHECK_FALSE(found(cache, "two"));
    }
}

TEST_CASE("a damaged block is kept anew, under the same name too") {
    const TemporaryDirectory directory;
    keep(directory.path(), {"one"});
    const std::string pack = only_file(directory.path());
    pwrite_all(open_file(pack, O_WRONLY), bytes_of("X"), 3, pack);
    {
        BlockCache cache(directory.path());
        REQUIRE_FALSE(found(cache, "one"));
    }
    keep(directory.path(), {"one"});
    CHECK(only_file(directory.path()) == pack);
    BlockCache cache(directory.path());
    CHECK(found(cache, "one") == block_of("one"));
}

TEST_CASE("builds at the same time keep what each of them made") {
    const TemporaryDirectory directory;
    keep(directory.path(), {"old"});
    BlockCache first(directory.path());
    BlockCache second(directory.path());
    keep(first, {"same", "first"});
    keep(second, {"same", "second"});
    first.commit();
    // The first has taken in the old pack and removed it; the second has it open.
    CHECK(found(second, "old") == block_of("old"));
    second.commit();

    BlockCache later(directory.path());
    for (const auto* raw : {"old", "same", "first", "second"})
        CHECK(found(later, raw) == block_of(raw));
}

TEST_CASE("threads of one build share the cache") {
    const TemporaryDirectory directory;
    keep(directory.path(), {"old"});
    BlockCache cache(directory.path());
    std::atomic<unsigned> right = 0;
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread)
        threads.emplace_back([&, thread] {
            for (int i = 0; i < 50; ++i) {
                keep(cache, {std::to_string(i), std::to_string(thread) + "-" + std::to_string(i)});
                right += found(cache, "old") == block_of("old") ? 1U : 0U;
            }
        });
    for (auto& thread : threads)
        thread.join();
    cache.commit();
    CHECK(right == 200);
    CHECK(cache.blocks_added() == 250 + 1); // and the small old pack's
    BlockCache later(directory.path());
    CHECK(found(later, "49") == block_of("49"));
    CHECK(found(later, "3-49") == block_of("3-49"));
}

TEST_CASE("many small builds leave few packs and lose nothing") {
    const TemporaryDirectory directory;
    for (int i = 0; i < 64; ++i)
        keep(directory.path(), {"block " + std::to_string(i)});
    CHECK(names_in(directory.path()).size() <= 6);
    BlockCache cache(directory.path());
    for (int i = 0; i < 64; ++i)
        CHECK(found(cache, "block " + std::to_string(i)));
}

TEST_CASE("a build that adds nothing writes nothing") {
    const TemporaryDirectory directory;
    keep(directory.path(), {"one"});
    const auto before = names_in(directory.path());
    BlockCache cache(directory.path());
    CHECK(found(cache, "one"));
    cache.commit();
    CHECK(names_in(directory.path()) == before);
}

TEST_CASE("a build that fails leaves nothing unfinished in the cache") {
    const TemporaryDirectory directory;
    {
        BlockCache cache(directory.path());
        keep(cache, {"one"});
        CHECK(names_in(directory.path()).size() == 1);
    }
    CHECK(names_in(directory.path()).empty());
}

TEST_CASE("a cache that cannot be written is told and changes nothing else") {
    const TemporaryDirectory directory;
    const std::string gone = path_in(directory, "cache");
    BuildCache cache(gone);
    std::filesystem::remove(gone);
    keep(*cache.blocks(), {"one", "two"});
    const auto problems = cache.close({});
    REQUIRE_FALSE(problems.empty());
    CHECK_THAT(problems.front(), Contains(gone) && Contains("ignoring"));
}

TEST_CASE("a cache that is a file is refused") {
    const TemporaryDirectory directory;
    write_text(path_in(directory, "cache"), "");
    CHECK_THROWS_AS(BlockCache(path_in(directory, "cache")), Error);
}

TEST_CASE("trimming removes what was unused for longest") {
    const TemporaryDirectory directory;
    const std::string& path = directory.path();
    keep(path, {std::string(500, 'a')});
    const std::string old = only_file(path);
    set_age(old, 3000);
    keep(path, {"b"});
    const std::uint64_t whole = total_size(path);

    CHECK(trim_cache_directory(path, whole).removed.empty());
    const auto trim = trim_cache_directory(path, whole - 1);
    REQUIRE(trim.removed.size() == 1);
    CHECK(path + "/" + trim.removed.front().name == old);
    CHECK(trim.size == total_size(path));
    BlockCache cache(path);
    CHECK(found(cache, "b"));
    CHECK_FALSE(found(cache, std::string(500, 'a')));
}

TEST_CASE("using a pack makes it the last to go") {
    const TemporaryDirectory directory;
    const std::string& path = directory.path();
    keep(path, {std::string(500, 'a')});
    const std::string old = only_file(path);
    keep(path, {"b"});
    for (const std::string& name : names_in(path))
        set_age(path + "/" + name, 60);
    set_age(old, 3000);
    {
        BlockCache cache(path);
        REQUIRE(found(cache, std::string(500, 'a')));
        cache.commit();
    }
    CHECK(path + "/" + list_cache(path).front().name == old);
}

TEST_CASE("a cache stays within its size though every build finds something in it") {
    const TemporaryDirectory directory;
    const std::string& path = directory.path();
    constexpr std::uint64_t bound = 4000;
    for (char letter = 'a'; letter <= 'z'; ++letter) {
        BlockCache cache(path);
        if (!found(cache, "in every build"))
            keep(cache, {"in every build"});
        keep(cache, {std::string(700, letter)});
        cache.commit();
        CHECK(trim_cache_directory(path, bound).size <= bound);
    }
}

TEST_CASE("trimming leaves foreign files alone and removes what was abandoned") {
    const TemporaryDirectory directory;
    const std::string digits(32, '0');
    const std::vector<std::string> foreign = {"README", "blocks-1.pack", "x-blocks-" + digits,
                                              "debian-bookworm.tar", ".part-1"};
    for (const std::string& name : foreign) {
        write_text(path_in(directory, name), "foreign");
        set_age(path_in(directory, name), 1'000'000);
    }
    const std::string folder = path_in(directory, "blocks-" + digits + ".pack");
    std::filesystem::create_directory(folder);
    const std::string abandoned = path_in(directory, ".blocks-0.part-17");
    const std::string being_written = path_in(directory, ".debian-0.part-18");
    write_text(abandoned, "");
    write_text(being_written, "");
    set_age(abandoned, 25 * 60 * 60);
    set_age(being_written, 23 * 60 * 60);

    const auto trim = trim_cache_directory(directory.path(), 0);
    CHECK(trim.removed.size() == 1);
    CHECK(trim.size == 0);
    CHECK_FALSE(exists(abandoned));
    CHECK(exists(being_written));
    CHECK(exists(folder));
    for (const std::string& name : foreign)
        CHECK(exists(path_in(directory, name)));
}

TEST_CASE("a root kept as a tar is found by its key") {
    const TemporaryDirectory directory;
    const Digest key = sha256(bytes_of("parameters"));
    const std::string path =
        root_archive_path(directory.path(), key, sha256(bytes_of("content of a tar")));
    write_text(path, "content of a tar");
    set_age(path, 3000);

    const std::int64_t begin = file_clock_now();
    const auto archive = find_root_archive(directory.path(), key, {});
    REQUIRE(archive);
    CHECK(archive->path == path);
    CHECK(list_cache(directory.path()).front().last_used >= begin);
    CHECK_FALSE(find_root_archive(directory.path(), sha256(bytes_of("others")), {}));
}

TEST_CASE("a damaged root in the cache is removed, whatever byte it is") {
    const TemporaryDirectory directory;
    const Digest key = sha256(bytes_of("parameters"));
    const std::string content = "content of a tar";
    for (std::size_t position = 0; position <= content.size(); ++position) {
        std::string damaged = content;
        if (position < content.size())
            damaged[position] = '!';
        else
            damaged.pop_back();
        const auto path = root_archive_path(directory.path(), key, sha256(bytes_of(content)));
        write_text(path, damaged);
        CHECK_FALSE(find_root_archive(directory.path(), key, {}));
        CHECK_FALSE(exists(path));
    }
}
