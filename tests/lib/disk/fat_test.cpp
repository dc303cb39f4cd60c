// SPDX-License-Identifier: Apache-2.0
// mkfs.vfat and mtools make what is read here; two names on one chain are made by hand.
#include "base/error.hpp"
#include "disk/fat.hpp"
#include "fat_volume.hpp"
#include "support/catch.hpp"

#include <algorithm>

using namespace quoin;
using namespace quoin::test;

namespace {

std::vector<std::string> names_of(const std::vector<FatName>& names) {
    std::vector<std::string> found;
    for (const FatName& name : names)
        if (!name.directory)
            found.push_back(name.name);
    std::sort(found.begin(), found.end());
    return found;
}

} // namespace

TEST_CASE("a FAT32 directory shows its names, long and short, where they lie") {
    const FatVolume volume;
    volume.write("image_1.0.0+3-0.efi", filler(5000));
    volume.write("SHORT.EFI", filler(10));
    volume.write("EMPTY.EFI", {});
    const auto names = volume.names();
    CHECK(names_of(names) ==
          std::vector<std::string>{"EMPTY.EFI", "SHORT.EFI", "image_1.0.0+3-0.efi"});
    const FatName& image = find(names, "image_1.0.0+3-0.efi");
    CHECK(image.records.size() == 3); // 19 characters, 13 to a piece
    CHECK(image.first_cluster >= 2);
    CHECK(find(names, "SHORT.EFI").records.size() == 1);
    CHECK(find(names, "EMPTY.EFI").first_cluster == 0);
    CHECK(names_of(read_fat_directory(volume.region(), "efi/LINUX")) == names_of(names));
}

TEST_CASE("a directory of many clusters is read to its end") {
    const FatVolume volume;
    for (int i = 0; i < 40; ++i)
        volume.write("file-with-a-long-name-" + std::to_string(i), {});
    CHECK(names_of(volume.names()).size() == 40);
}

TEST_CASE("removing one of two names on a chain leaves the file whole under the other") {
    const FatVolume volume;
    const Bytes content = filler(5000);
    volume.write("image_1.0.0+2-1.efi", content);
    volume.add_name("image_1.0.0.efi", "image_1.0.0+2-1.efi");
    REQUIRE(volume.check() != 0); // fsck.fat sees the double use
    remove_fat_name(volume.region(), find(volume.names(), "image_1.0.0+2-1.efi"));
    CHECK(names_of(volume.names()) == std::vector<std::string>{"image_1.0.0.efi"});
    CHECK(volume.read("image_1.0.0.efi") == content);
    CHECK(volume.check() == 0);
}

TEST_CASE("a piece of a long name without its short record is not a name") {
    const FatVolume volume;
    volume.write("image_1.0.0+2-1.efi", filler(10));
    const FatName name = find(volume.names(), "image_1.0.0+2-1.efi");
    const std::uint8_t removed = 0xe5;

    SECTION("the short record is gone") {
        volume.region().write(ByteView(&removed, 1), name.records.back());
        CHECK(names_of(volume.names()).empty());
    }
    SECTION("a piece is gone: the short name is left") {
        volume.region().write(ByteView(&removed, 1), name.records.front());
        CHECK(names_of(volume.names()) == std::vector<std::string>{"IMAGE_~1.EFI"});
    }
}

TEST_CASE("what is not FAT32, or runs in circles, is refused") {
    const FatVolume volume;
    CHECK_THROWS_WITH(read_fat_directory(volume.region(), "EFI/Windows"),
                      Catch::Contains("cannot find directory 'EFI/Windows'"));
    SECTION("a chain without end") {
        // The root directory's cluster is 2; its entry in the first table points to itself.
        const Bytes itself{2, 0, 0, 0};
        volume.region().write(itself, volume.table_offset() + 8);
        for (int i = 0; i < 30; ++i) // nothing in the first cluster ends the directory
            volume.region().write(Bytes{0xe5}, volume.root_offset() + 32 * std::uint64_t(i));
        const Bytes full(512, 0xe5);
        volume.region().write(full, volume.root_offset());
        CHECK_THROWS_WITH(volume.names(), Catch::Contains("a directory in it is damaged"));
    }
    SECTION("zeros") {
        volume.region().write(Bytes(512), 0);
        CHECK_THROWS_WITH(volume.names(), Catch::Contains("it is not FAT32"));
    }
}

namespace {

/// A file of ten clusters of one sector each, and what a power cut can make of it.
class TornFile {
  public:
    TornFile() { volume.write(name, content); }

    [[nodiscard]] FatName file() const { return find(volume.names(), name); }
    void set_size(std::uint32_t size) const {
        const le32 value = size;
        volume.region().write(view_of(value), file().records.back() + 28);
    }
    /// In both tables; mcopy gives an empty volume's clusters out in order.
    void set_next(std::uint32_t number, std::uint32_t next) const {
        const le32 value = next;
        const std::uint64_t table = (volume.root_offset() - volume.table_offset()) / 2;
        for (const std::uint64_t start : {volume.table_offset(), volume.table_offset() + table})
            volume.region().write(view_of(value), start + 4 * (file().first_cluster + number));
    }
    void free_from(std::uint32_t number) const {
        constexpr std::uint64_t free_count = 512 + 488;
        Bytes known(4);
        volume.region().read(known, free_count);
        const le32 more = load<le32>(known) + 10 - number;
        volume.region().write(view_of(more), free_count);
        for (; number < 10; ++number)
            set_next(number, 0);
    }
    void settle() const { settle_fat_length(volume.region(), file()); }
    [[nodiscard]] Bytes all() const {
        return content_of("/proc/self/fd/" + std::to_string(volume.region().fd().get()));
    }
    /// True when the file is whole, as everybody sees it, and begins like what was written.
    [[nodiscard]] bool holds(std::size_t size) const {
        const Bytes found = volume.read(name);
        return volume.check() == 0 && found.size() == size &&
               std::equal(found.begin(),
                          found.begin() +
                              static_cast<std::ptrdiff_t>(std::min(size, content.size())),
                          content.begin());
    }

    const std::string name = "image_1.0.0+3-0.efi";
    const Bytes content = filler(10 * 512 - 100);
    FatVolume volume;
};

} // namespace

TEST_CASE("a file's length follows the clusters that it has") {
    const TornFile torn;
    SECTION("whole as it is") {
        const Bytes before = torn.all();
        torn.settle();
        CHECK(torn.all() == before);
        CHECK(torn.holds(torn.content.size()));
    }
    SECTION("more length than clusters") {
        torn.set_size(11 * 512 + 1);
        torn.settle();
        CHECK(torn.holds(10 * 512));
    }
    SECTION("more clusters than length") {
        torn.set_size(3 * 512);
        torn.settle();
        CHECK(torn.holds(10 * 512));
    }
    SECTION("clusters, but no length") {
        torn.set_size(0);
        torn.settle();
        CHECK(torn.holds(10 * 512));
    }
    SECTION("a chain that leads to a free cluster") {
        torn.free_from(4);
        torn.settle();
        CHECK(torn.holds(4 * 512));
    }
    SECTION("such a chain, and a length that does not reach it") {
        torn.free_from(4);
        torn.set_size(4 * 512 - 1);
        torn.settle();
        CHECK(torn.holds(4 * 512 - 1));
    }
    SECTION("a chain that leads out of the volume") {
        torn.free_from(5);
        torn.set_next(4, 0x0ffffff0);
        torn.settle();
        CHECK(torn.holds(5 * 512));
    }
    SECTION("no cluster at all") {
        torn.free_from(0);
        torn.settle();
        CHECK(torn.file().first_cluster == 0);
        CHECK(torn.holds(0));
    }
    SECTION("no length, and a chain that is free") {
        torn.free_from(0);
        torn.set_size(0);
        torn.settle();
        CHECK(torn.file().first_cluster == 0);
        CHECK(torn.holds(0));
    }
    const Bytes settled = torn.all();
    torn.settle();
    CHECK(torn.all() == settled);
}

TEST_CASE("a chain without end is refused and stays as it is") {
    const TornFile torn;
    torn.set_next(9, torn.file().first_cluster);
    const Bytes before = torn.all();
    CHECK_THROWS_AS(torn.settle(), Error);
    CHECK(torn.all() == before);
}

TEST_CASE("a volume of less than 32 MiB has its size in the older field") {
    const FatVolume volume;
    volume.write("image_1.0.0+2-1.efi", filler(10));
    const le16 sectors = 60000;
    volume.region().write(view_of(sectors), 19);
    volume.region().write(Bytes(4), 32);
    CHECK(volume.names().size() == 3); // with "." and ".."
}
