// SPDX-License-Identifier: Apache-2.0
// Firmware's rename, as EDK II's driver does it: see disk/fat_settle.hpp.
#include "base/error.hpp"
#include "disk/fat_settle.hpp"
#include "fat_volume.hpp"
#include "recorded_writes.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <set>

using namespace quoin;
using namespace quoin::test;

namespace {

constexpr std::uint64_t sector = 512;

std::vector<FatName> files_of(const FatVolume& volume) {
    auto names = volume.names();
    std::erase_if(names, [](const FatName& name) { return name.directory; });
    return names;
}

bool settle(const FatVolume& volume) {
    return settle_fat_directory(volume.region(), "EFI/Linux", files_of(volume));
}

/// The sectors in which a name's records lie.
std::set<std::uint64_t> sectors_of(const FatName& name) {
    std::set<std::uint64_t> sectors;
    for (const std::uint64_t place : name.records)
        sectors.insert(place / sector);
    return sectors;
}

Bytes image_of(const FatVolume& volume) {
    Bytes content(static_cast<std::size_t>(volume.region().size()));
    volume.region().read(content, 0);
    return content;
}

/// Each file as it was, under its name, at least once.
void require_all_there(const FatVolume& volume, const std::vector<FatName>& wanted) {
    const auto found = volume.names();
    for (const FatName& file : wanted)
        REQUIRE(std::any_of(found.begin(), found.end(), [&](const FatName& each) {
            return each.name == file.name && each.first_cluster == file.first_cluster;
        }));
}

/// Settles (or trims) and requires that no cut on the way loses a name; `copies`: may double one.
void require_safe(const FatVolume& volume, bool copies, const std::function<void()>& change) {
    const auto wanted = files_of(volume);
    const Bytes before = image_of(volume);
    const auto writes = record_writes(change);
    REQUIRE(!writes.empty());
    // Only what is written differs, so only that is put back; the image is large.
    for (auto write = writes.rbegin(); write != writes.rend(); ++write)
        volume.region().write(ByteView(before).subspan(write->offset, write->data.size()),
                              write->offset);
    for (const RecordedWrite& write : writes) {
        REQUIRE(write.synced);
        for (std::size_t at = 0; at < write.data.size(); at += sector) {
            volume.region().write(
                ByteView(write.data).subspan(at, std::min(sector, write.data.size() - at)),
                write.offset + at);
            require_all_there(volume, wanted);
            if (!copies)
                REQUIRE(files_of(volume).size() == wanted.size());
        }
    }
    REQUIRE(files_of(volume).size() == wanted.size());
}

} // namespace

TEST_CASE("each name gets a sector of its own, with room behind the last one") {
    const FatVolume volume;
    volume.write("image_1.0.0.efi", filler(5000));
    volume.write("image_2.0.0.efi", filler(5000, 2));
    volume.write("image_3.0.0+3-0.efi", filler(5000, 3));
    require_safe(volume, true, [&] { CHECK(settle(volume)); });
    CHECK(volume.check() == 0);
    const auto names = files_of(volume);
    std::set<std::uint64_t> all;
    for (const FatName& name : names) {
        CHECK(name.records.front() % sector == 0);
        CHECK(sectors_of(name).size() == 1);
        all.insert(name.records.front() / sector);
    }
    CHECK(all.size() == names.size());
    CHECK(volume.read("image_2.0.0.efi") == filler(5000, 2));
    CHECK_FALSE(settle(volume)); // all is in its place
}

TEST_CASE("after settling, three tries are renames within one sector") {
    const FatVolume volume;
    volume.write("image_1.0.0.efi", filler(5000));
    volume.write("image_2.0.0.efi", filler(5000, 2));
    settle(volume);
    // What an update does: the last one's name goes, a new file takes the first place that is free.
    remove_fat_name(volume.region(), find(volume.names(), "image_2.0.0.efi"));
    volume.write("image_3.0.0+3-0.efi", filler(5000, 3));
    const FatName armed = find(volume.names(), "image_3.0.0+3-0.efi");
    CHECK(armed.records.front() % sector == 0);
    // Then firmware puts one name after the other behind the last one that was ever used.
    const std::uint64_t after = armed.records.front() + std::uint64_t{4} * 32 * 3;
    CHECK(after <= (armed.records.front() / sector + 1) * sector);
    Bytes behind(static_cast<std::size_t>(sector - armed.records.size() * 32));
    volume.region().read(behind, armed.records.back() + 32);
    CHECK(all_zero(behind));
}

TEST_CASE("a directory that is too small for firmware's renames grows before they need it") {
    const FatVolume volume; // a directory of one sector: 16 records
    volume.write("image_1.0.0.efi", filler(5000));
    volume.write("image_2.0.0.efi", filler(5000));
    CHECK(settle(volume));
    CHECK(volume.check() == 0);
    const FatName last = find(volume.names(), "image_2.0.0.efi");
    CHECK(last.records.size() == 3);
    Bytes behind(static_cast<std::size_t>(sector - std::uint64_t{3} * 32));
    volume.region().read(behind, last.records.back() + 32);
    CHECK(all_zero(behind));
}

TEST_CASE("trimming ends the directory behind its last name, in one sector") {
    const FatVolume volume;
    volume.write("image_1.0.0.efi", filler(5000));
    volume.write("image_2.0.0.efi", filler(5000));
    settle(volume);
    volume.write("image_3.0.0+0-3.efi", filler(5000, 3));
    volume.write("image_4.0.0+0-3.efi", filler(5000, 4));
    const auto trim = [&] {
        return trim_fat_directory(volume.region(), "EFI/Linux", files_of(volume));
    };
    trim();
    remove_fat_name(volume.region(), find(volume.names(), "image_3.0.0+0-3.efi"));
    require_safe(volume, false, [&] { CHECK(trim()); });
    const FatName last = find(volume.names(), "image_4.0.0+0-3.efi");
    CHECK(sectors_of(last).size() == 1);
    Bytes behind(static_cast<std::size_t>(sector - last.records.back() % sector - 32));
    volume.region().read(behind, last.records.back() + 32);
    CHECK(all_zero(behind));
    CHECK_FALSE(trim());
}

TEST_CASE("names that straddle sectors, and holes between names, are settled without a loss") {
    const FatVolume volume;
    for (int number = 0; number < 5; ++number)
        volume.write("image_" + std::to_string(number) + ".0.0+3-0.efi",
                     filler(5000, std::uint32_t(number) + 1));
    for (const int number : {0, 2, 3})
        remove_fat_name(volume.region(),
                        find(volume.names(), "image_" + std::to_string(number) + ".0.0+3-0.efi"));
    REQUIRE(sectors_of(find(volume.names(), "image_4.0.0+3-0.efi")).size() == 2);
    require_safe(volume, true, [&] { CHECK(settle(volume)); });
}

TEST_CASE("more names than there is room for are left as they are") {
    const FatVolume volume;
    for (int number = 0; number < 12; ++number)
        volume.write("image_" + std::to_string(number) + ".0.0.efi", filler(500));
    CHECK_FALSE(settle(volume));
    CHECK(files_of(volume).size() == 12);
    CHECK(volume.check() == 0);
}

TEST_CASE("the count of free clusters is kept only where it is one") {
    const FatVolume volume;
    volume.write("one.efi", filler(10));
    // As if the boot sector said that the root directory held the count.
    const le16 root_sector = static_cast<std::uint16_t>(volume.root_offset() / sector);
    volume.region().write(view_of(root_sector), 48);
    const le32 number = 1000;
    volume.region().write(view_of(number), volume.root_offset() + 488);
    REQUIRE(settle(volume));
    Bytes kept(4);
    volume.region().read(kept, volume.root_offset() + 488);
    CHECK(load<le32>(kept) == number);
}
