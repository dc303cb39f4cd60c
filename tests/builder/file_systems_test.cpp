// SPDX-License-Identifier: Apache-2.0
// ESP and data file system, checked with the tools that repair them.
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/process.hpp"
#include "base/units.hpp"
#include "builder/stages/data_file_system.hpp"
#include "builder/stages/esp.hpp"
#include "support/catch.hpp"

#include <unistd.h>

using namespace quoin;

namespace {

constexpr std::int64_t time_of_build = 1'700'000'000;

/// A sparse file of `size` bytes in a directory that vanishes.
class ImageFile {
  public:
    explicit ImageFile(std::uint64_t size) : path_(directory_.path() + "/image.raw") {
        const auto fd = open_file(path_, O_RDWR | O_CREAT);
        REQUIRE(::ftruncate(fd.get(), static_cast<off_t>(size)) == 0);
    }
    [[nodiscard]] const std::string& path() const { return path_; }

    /// One partition as a file of its own, for tools that know no offsets.
    [[nodiscard]] std::string extract(Extent place) const {
        const auto path = directory_.path() + "/partition.raw";
        run_checked({"dd", "if=" + path_, "of=" + path, "bs=1M",
                     "skip=" + std::to_string(place.start / MiB),
                     "count=" + std::to_string(place.size / MiB), "conv=sparse"});
        return path;
    }

  private:
    TemporaryDirectory directory_;
    std::string path_;
};

Bytes text(std::string_view content) {
    return {content.begin(), content.end()};
}

std::vector<EspFile> some_files() {
    return {{"/loader/loader.conf", text("timeout 0\n")},
            {"/EFI/Linux/node_1.0.0.efi", Bytes(300'000, 7)},
            {"/EFI/BOOT/BOOTX64.EFI", Bytes(100'000, 1)}};
}

} // namespace

TEST_CASE("the ESP is a sound FAT32 with exactly the files it was given") {
    const ImageFile image(70 * MiB);
    const Extent place{MiB, 64 * MiB};
    write_esp(image.path(), place, 512, 0x1234abcd, time_of_build, some_files());

    CHECK(run({"fsck.fat", "-n", image.extract(place)}).status == 0);
    CHECK(list_esp(image.path(), place.start, "/EFI/Linux") ==
          std::vector<std::string>{"node_1.0.0.efi"});
    CHECK(list_esp(image.path(), place.start, "/EFI/nothing").empty());
    for (const auto& file : some_files())
        CHECK(read_esp_file(image.path(), place.start, file.path) == file.content);
    CHECK_FALSE(read_esp_file(image.path(), place.start, "/absent"));
}

TEST_CASE("writing the ESP touches nothing outside its place") {
    const ImageFile image(70 * MiB);
    write_esp(image.path(), {MiB, 64 * MiB}, 512, 1, time_of_build, some_files());
    const auto content = read_file(image.path(), GiB);
    CHECK(all_zero(ByteView(content).first(MiB)));
    CHECK(all_zero(ByteView(content).subspan(65 * MiB)));
    CHECK(content.size() == 70 * MiB);
}

TEST_CASE("the ESP is the same every time, whatever the order of its files") {
    const auto make = [](std::vector<EspFile> files) {
        const ImageFile image(66 * MiB);
        write_esp(image.path(), {MiB, 64 * MiB}, 512, 1, time_of_build, std::move(files));
        return read_file(image.path(), GiB);
    };
    auto reversed = some_files();
    std::reverse(reversed.begin(), reversed.end());
    const auto first = make(some_files());
    ::sleep(2); // FAT stores times in steps of two seconds
    CHECK(first == make(reversed));
}

TEST_CASE("an ESP for 4096-byte sectors is FAT32 with such sectors") {
    Recipe recipe;
    recipe.sector_size = 4096;
    const auto place = esp_extent(recipe);
    const ImageFile image(place.end());
    write_esp(image.path(), place, 4096, 1, time_of_build, some_files());
    CHECK(run({"fsck.fat", "-n", image.extract(place)}).status == 0);
    const auto boot_sector = read_file(image.path(), GiB);
    CHECK(load<le16>(ByteView(boot_sector).subspan(place.start + 11)) == 4096);
    CHECK(text_of(ByteView(boot_sector).subspan(place.start + 82, 8)) == "FAT32   ");
}

TEST_CASE("an ESP without room for a second kernel is refused") {
    const ImageFile image(66 * MiB);
    auto files = some_files();
    files[1].content.resize(33 * MiB);
    CHECK_THROWS_WITH(write_esp(image.path(), {MiB, 64 * MiB}, 512, 1, time_of_build, files),
                      Catch::Contains("'esp_size'"));
}

TEST_CASE("the data file system is a sound, deterministic ext4 in its place") {
    const auto uuid = derived_uuid("data file system", "test");
    const Extent place{2 * MiB, 16 * MiB};
    const ImageFile image(20 * MiB);
    make_data_file_system(image.path(), place, uuid, time_of_build);
    CHECK(run({"e2fsck", "-f", "-n", image.extract(place)}).status == 0);
    CHECK_THAT(run({"dumpe2fs", "-h", image.extract(place)}).output,
               Catch::Contains(uuid.text()) && Catch::Contains("data"));

    const ImageFile again(20 * MiB);
    ::sleep(1);
    make_data_file_system(again.path(), place, uuid, time_of_build);
    const auto content = read_file(image.path(), GiB);
    CHECK(content == read_file(again.path(), GiB));
    CHECK(all_zero(ByteView(content).first(place.start)));
    CHECK(all_zero(ByteView(content).subspan(place.end())));
}

TEST_CASE("an ESP of any size has the clusters that make it FAT32, or is refused") {
    for (const std::uint64_t size : {40 * MiB, 128 * MiB, 256 * MiB, 260 * MiB, 512 * MiB}) {
        const Extent place{MiB, size};
        const ImageFile image(place.end());
        write_esp(image.path(), place, 512, 1, time_of_build, some_files());
        const auto checked = run({"fsck.fat", "-n", image.extract(place)});
        CAPTURE(size, checked.output);
        CHECK(checked.status == 0);
        CHECK_THAT(checked.output, !Catch::Contains("required minimum"));
    }
    const ImageFile image(300 * MiB);
    CHECK_THROWS_WITH(write_esp(image.path(), {MiB, 32 * MiB}, 512, 1, time_of_build, some_files()),
                      Catch::Contains("too small for FAT32"));
    CHECK_THROWS_WITH(
        write_esp(image.path(), {MiB, 256 * MiB}, 4096, 1, time_of_build, some_files()),
        Catch::Contains("too small for FAT32"));
}
